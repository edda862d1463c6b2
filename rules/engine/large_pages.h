// Arrays that start as zeroes, and that the system backs with large pages where it can.
//
// Diagrams are built by touching tens of megabytes once; with pages of 4 KiB the system's work of handing them out costs as
// much as the building. A hint only: where the system has no large pages nothing changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace ipo {

// `bytes` of zeroes; throws std::bad_alloc.
void* zeroed_pages(std::size_t bytes);
void free_pages(void* memory, std::size_t bytes);

// T is trivial, and all its bytes zero is a value of it.
template <class T>
class LargePages {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  explicit LargePages(std::size_t size) : data_(static_cast<T*>(zeroed_pages(size * sizeof(T)))), size_(size) {}
  LargePages(LargePages&& other) noexcept { swap(other); }
  LargePages& operator=(LargePages&& other) noexcept {
    swap(other);
    return *this;
  }
  ~LargePages() { free_pages(data_, size_ * sizeof(T)); }

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }

 private:
  void swap(LargePages& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ipo
