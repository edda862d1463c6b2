#include "parsers/model/pipeline.h"

#include <algorithm>
#include <utility>

namespace ipo {

void Pipeline::add(Stage stage) {
  auto behind = std::upper_bound(stages.begin(), stages.end(), stage, [](const Stage& a, const Stage& b) {
    return std::pair(a.where, a.order) < std::pair(b.where, b.order);
  });
  stages.insert(behind, stage);
}

const Stage* Pipeline::last_word(Hook way) const {
  const Stage* last = nullptr;
  for (const Stage& stage : stages)
    if (stage.last_word && stage.is_on(way)) last = &stage;
  return last;
}

}  // namespace ipo
