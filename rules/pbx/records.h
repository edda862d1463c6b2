// Records of exports, each once: the same one may stand in several files, or on two pages of one list.
#pragma once

#include <string_view>
#include <unordered_set>

#include "parsers/model/model.h"

namespace ipo {

// Tells the first of all records with one GUID; a record without one is like no other.
class DifferentRecords {
 public:
  bool add(const Record& record) { return record.id.empty() || ids_.insert(record.id).second; }

 private:
  std::unordered_set<std::string_view, GuidHash, SameGuid> ids_;
};

}  // namespace ipo
