// Small arrays come from the heap. Large ones are mapped, for mapped memory is zero without being written; the whole large
// pages inside them are asked for.
#include "rules/engine/large_pages.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace ipo {
namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;

}  // namespace

void* zeroed_pages(std::size_t bytes) {
  if (bytes < large_page) {
    void* memory = std::calloc(bytes, 1);
    if (!memory) throw std::bad_alloc();
    return memory;
  }
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void free_pages(void* memory, std::size_t bytes) {
  if (bytes < large_page)
    std::free(memory);
  else
    munmap(memory, bytes);
}

}  // namespace ipo
