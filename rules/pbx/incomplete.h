// What an export says it does not hold: records that it announces and does not list, systems that did not answer or that only others
// name. A check that concludes from what is not there asks first whether it would be.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/finding.h"
#include "parsers/model/model.h"

namespace ipo {

// Exports that list one type of records, each less than the whole, and together less as well.
struct ShortList {
  std::vector<const ExportList*> parts;  // at least one
  std::size_t present = 0;               // different records in them
};
std::vector<ShortList> short_lists(const Site& site);

// A system of the solution of which something is not there.
struct MissingSystem {
  std::string address;   // empty where the error does not say it
  bool failed = false;   // it answered with an error; else no System record has the address
  SourceSpan span;       // what says so
  std::string named_by;  // "License": the record that names the address
  std::string reason;    // of the error: "461:SessionTimeout"; empty where it gives none
};
std::vector<MissingSystem> missing_systems(const Site& site);

// Where errors stand that are told otherwise: of such systems beside the records of others, and in inputs that hold nothing else,
// which were not analysed.
std::set<SourceSpan> errors_told(const Site& site);

// Nothing says that records of the type ("User") are missing.
bool is_whole(const Site& site, std::string_view type);

// Makes findings possible that hold only if no number of the site is missing: one of an extension, a user or a group. Without any user nobody
// knows how long they are; an extension has its user's, and not every site has groups. Asked once for all of a check's findings, for it
// looks through every record.
void doubt_own_numbers(const Site& site, std::span<Finding> findings);

}  // namespace ipo
