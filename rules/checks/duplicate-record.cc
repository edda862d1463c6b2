// Records are sorted by type and GUID, so that those alike stand beside each other, in the order they were read.
#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

#include "parsers/model/number_set.h"
#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"

namespace ipo {
namespace {

// A key that both have with different values; null where they agree. The same record may well be in two exports.
const Setting* difference(const Record& a, const Record& b) {
  for (const Setting& field : b.fields) {
    bool compared = !field.key.empty() && !std::string_view(field.key.text()).ends_with(".guid");
    const Setting* other = compared ? a.field(field.key) : nullptr;
    if (other && !same_number(*other, field)) return &field;
  }
  return nullptr;
}

// Records that have a GUID, in the form it is compared in, but for those no other record can have theirs: its hash is theirs alone.
std::vector<std::pair<std::string, const Record*>> with_like(const std::vector<Record>& records) {
  std::vector<std::pair<std::size_t, const Record*>> hashes;
  hashes.reserve(records.size());
  for (const Record& record : records)
    if (!record.id.empty()) hashes.emplace_back(GuidHash()(record.id), &record);
  std::sort(hashes.begin(), hashes.end());
  std::vector<std::pair<std::string, const Record*>> out;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    bool like =
        (i > 0 && hashes[i - 1].first == hashes[i].first) || (i + 1 < hashes.size() && hashes[i + 1].first == hashes[i].first);
    if (!like) continue;
    if (std::string id = plain_guid(hashes[i].second->id); id.find_first_not_of('0') != id.npos)
      out.emplace_back(std::move(id), hashes[i].second);
  }
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  std::vector<std::pair<std::string, const Record*>> all = with_like(judgement.site.records);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second->type, a.first) < std::tie(b.second->type, b.first);
  });
  for (std::size_t i = 1; i < all.size(); ++i) {
    const Record &first = *all[i - 1].second, &second = *all[i].second;
    if (all[i - 1].first != all[i].first || first.type != second.type) continue;
    if (second.type == "System" && first.span.source != second.span.source) continue;  // merged: see contradictory-setting
    const Setting* field = difference(first, second);
    if (!field && first.span.source != second.span.source) continue;
    Finding f;
    f.check = "duplicate-record";
    f.level = Level::warning;
    f.message = "two " + second.type + " records have the GUID " + second.id +
                (field ? " and differ in " + field->key.text() : "; one export holds a record once");
    f.span = second.span;
    f.related.push_back({"the other one", first.span});
    f.identity = second.type + '\n' + second.id;
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::duplicate_record = {
    "duplicate-record", "two records of exports have one GUID", Level::warning, 0, "high", {"correctness"}, run};

}  // namespace ipo
