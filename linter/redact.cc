// A source is searched as far as text of it is quoted, each part once: for words that name a secret, and what stands behind them
// as element content, quoted value, or next word. That and the declared secrets are sorted spans, looked up by halving.
#include "linter/redact.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/letters.h"

namespace ipo {
namespace {

// A quote that is not closed within so many bytes ends with its line: keys may have many lines, stray quotes are
// common.
constexpr std::size_t longest_quoted = std::size_t{1} << 16;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

enum class Name { harmless, secret, ambiguous };  // ambiguous: only where a value is assigned ("pass in on em0" is pf)

constexpr std::array<std::string_view, 18> secret_parts = {
    "password",  "passwd",     "pswd",   "ikepsk", "passphrase", "passcode",   "secret",     "community", "logincode", "voicemailcode",
    "sharedkey", "privatekey", "wpakey", "apikey", "credential", "bcrypthash", "sha512hash", "otpseed"};
constexpr std::array<std::string_view, 4> secret_names = {"pwd", "psk", "snmpstring", "accesscode"};
constexpr std::array<std::string_view, 3> assigned_names = {"pass", "pin", "prv"};

// Every one of them has one of these letters; most words of an export have none.
constexpr std::string_view telling_letters = "psc";
constexpr bool tells(const auto& list) {
  return std::all_of(list.begin(), list.end(), [](std::string_view name) { return name.find_first_of(telling_letters) != name.npos; });
}
static_assert(tells(secret_parts) && tells(secret_names) && tells(assigned_names));

// What a byte is in a name: nothing, a part of it, a telling letter.
constexpr unsigned char in_name = 1, telling = 2;
constexpr std::array<unsigned char, 256> name_bytes = [] {
  std::array<unsigned char, 256> out{};
  for (char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"))
    out[static_cast<unsigned char>(c)] =
        telling_letters.find(lower(c)) != std::string_view::npos ? in_name | telling : in_name;
  return out;
}();

Name judge(std::string_view word) {
  std::string plain;
  for (char c : word)
    if (c != '_' && c != '-') plain += lower(c);
  auto is_in = [&](const auto& list) { return std::find(list.begin(), list.end(), plain) != list.end(); };
  if (is_in(secret_names) || std::any_of(secret_parts.begin(), secret_parts.end(), [&](auto p) { return plain.find(p) != plain.npos; }))
    return Name::secret;
  return is_in(assigned_names) ? Name::ambiguous : Name::harmless;
}

using Range = std::pair<std::size_t, std::size_t>;

// The next "<" from ascending places; asking for each anew would be quadratic where there is none.
class NextTag {
 public:
  explicit NextTag(std::string_view text) : text_(text) {}
  std::size_t from(std::size_t at) {
    if (at < asked_ || at > found_) found_ = std::min(text_.find('<', at), text_.size());
    asked_ = at;
    return found_;
  }

 private:
  std::string_view text_;
  std::size_t asked_ = 1, found_ = 0;
};

// The value that belongs to a name ending at `at`, as [begin, end) of `text`; empty where there is none.
Range value_after(std::string_view text, std::size_t at, Name name, NextTag& next_tag) {
  constexpr std::string_view word_ends = " \t\r\n<>,;\"'";
  auto until = [&](std::size_t from, std::string_view stops) {
    return Range(from, std::min(text.find_first_of(stops, from), text.size()));
  };
  auto skip_blanks = [&](std::size_t i) {
    while (i < text.size() && is_blank(text[i])) ++i;
    return i;
  };
  std::size_t i = at;
  if (i < text.size() && (text[i] == '"' || text[i] == '\'')) ++i;  // the closing quote of a JSON key
  if (i < text.size() && text[i] == '>') return {i + 1, next_tag.from(i + 1)};
  i = skip_blanks(i);
  bool assigned = i < text.size() && (text[i] == '=' || text[i] == ':');
  if (!assigned && (i == at || name == Name::ambiguous)) return {at, at};
  if (assigned) i = skip_blanks(i + 1);
  if (i < text.size() && (text[i] == '"' || text[i] == '\'')) {
    std::size_t close = text.substr(i + 1, longest_quoted).find(text[i]);
    return close == text.npos ? until(i + 1, "\r\n") : Range(i + 1, i + 1 + close);
  }
  auto value = until(i, word_ends);
  // "secret 5 $1$mERr", "passwd ENC qZ8x": the kind of encryption stands before the value.
  std::string_view word = text.substr(value.first, value.second - value.first);
  std::size_t next = skip_blanks(value.second);
  bool kind = word == "ENC" || (!word.empty() && word.size() <= 2 && word.find_first_not_of("0123456789") == word.npos);
  if (!assigned && kind && next > value.second) value.second = until(next, word_ends).second;
  return value;
}

// An element with attributes: <Password type="x">value<. The attributes themselves are judged as words of their own.
Range content_after_attributes(std::string_view text, std::size_t at, NextTag& next_tag) {
  std::size_t close = text.find_first_of("<>", at);
  if (close == text.npos || text[close] != '>' || text[close - 1] == '/') return {at, at};
  return {close + 1, next_tag.from(close + 1)};
}

void merge(std::vector<SourceSpan>& spans) {
  std::sort(spans.begin(), spans.end());
  std::vector<SourceSpan> merged;
  for (const SourceSpan& s : spans) {
    if (s.begin >= s.end) continue;
    if (!merged.empty() && merged.back().end >= s.begin)
      merged.back().end = std::max(merged.back().end, s.end);
    else
      merged.push_back(s);
  }
  spans = std::move(merged);
}

// The spans of a sorted, disjoint list that overlap one.
void take_overlapping(const std::vector<SourceSpan>& all, SourceSpan span, std::vector<SourceSpan>& out) {
  auto first = std::partition_point(all.begin(), all.end(), [&](const SourceSpan& s) { return s.end <= span.begin; });
  auto last = std::partition_point(first, all.end(), [&](const SourceSpan& s) { return s.begin < span.end; });
  out.insert(out.end(), first, last);
}

}  // namespace

// The words of texts are few, and come again: a word is judged once while no other takes its place.
class Redaction::Judged {
 public:
  Name of(std::string_view word) {
    auto& [known, name] = words_[std::hash<std::string_view>()(word) % words_.size()];
    if (known != word) known = word, name = judge(word);
    return name;
  }

 private:
  std::vector<std::pair<std::string_view, Name>> words_{4096};
};

class Redaction::OfSource {
 public:
  OfSource(std::string_view text, std::uint32_t source, const std::vector<SourceSpan>& settings, Judged& judged)
      : text_(text), source_(source), next_tag_(text), judged_(judged) {
    for (const SourceSpan& secret : settings)
      if (secret.source == source) settings_.push_back(secret);
    merge(settings_);
  }

  std::vector<SourceSpan> in(SourceSpan span) {
    search(span.end);
    std::vector<SourceSpan> out;
    take_overlapping(settings_, span, out);
    take_overlapping(found_, span, out);
    merge(out);
    return out;
  }

 private:
  // What a word makes secret stands behind it, so all before `end` is known when every word before it was looked at.
  void search(std::size_t end) {
    if (at_ >= end) return;
    end = std::min((end / step + 1) * step, text_.size());
    std::vector<SourceSpan> fresh;
    while (at_ < end) look(fresh);
    // Only the last of the old ones can reach so far.
    std::uint32_t begin = ~0u;
    for (const SourceSpan& s : fresh) begin = std::min(begin, s.begin);
    auto touched = std::partition_point(found_.begin(), found_.end(), [&](const SourceSpan& s) { return s.end < begin; });
    fresh.insert(fresh.end(), touched, found_.end());
    found_.erase(touched, found_.end());
    merge(fresh);
    found_.insert(found_.end(), fresh.begin(), fresh.end());
  }

  // At the word at `at_`, or at a byte of none.
  void look(std::vector<SourceSpan>& found) {
    unsigned kinds = 0;
    std::size_t i = at_, end = i;
    for (; end < text_.size(); ++end) {
      unsigned kind = name_bytes[static_cast<unsigned char>(text_[end])];
      if (kind == 0) break;
      kinds |= kind;
    }
    at_ = std::max(end, i + 1);
    bool closing_tag = i > 0 && text_[i - 1] == '/';
    if (closing_tag || !(kinds & telling)) return;
    Name name = judged_.of(text_.substr(i, end - i));
    if (name == Name::harmless) return;
    auto mask = [&](Range value) {
      if (value.first < value.second)
        found.push_back({source_, static_cast<std::uint32_t>(value.first), static_cast<std::uint32_t>(value.second)});
    };
    bool element = i > 0 && text_[i - 1] == '<';
    if (!element || end == text_.size() || text_[end] == '>') return mask(value_after(text_, end, name, next_tag_));
    mask(content_after_attributes(text_, end, next_tag_));
    // What stands in the tag without a name of its own, as in <Password x>.
    std::size_t close = std::min(text_.find_first_of("<>=\r\n", end), text_.size());
    if (close < text_.size() && text_[close] == '>' && text_[close - 1] != '/') mask({end, close});
  }

  static constexpr std::size_t step = std::size_t{1} << 20;
  std::string_view text_;
  std::uint32_t source_;
  NextTag next_tag_;
  Judged& judged_;
  std::size_t at_ = 0;                        // all before it was looked at
  std::vector<SourceSpan> settings_, found_;  // sorted, disjoint
};

std::vector<SourceSpan> secrets_of(const Site& site) {
  std::vector<SourceSpan> out = site.secrets;
  auto take = [&](const std::vector<Setting>& settings) {
    for (const Setting& s : settings)
      if (s.secret) out.push_back(s.value.span);
  };
  for (const Host& host : site.hosts) take(host.settings);
  for (const Record& record : site.records) take(record.fields);
  return out;
}

Redaction::Redaction(const Sources& sources, const std::vector<SourceSpan>& secrets)
    : sources_(sources), settings_(secrets), judged_(std::make_unique<Judged>()), of_sources_(sources.size()) {}

Redaction::~Redaction() = default;

std::vector<SourceSpan> Redaction::secrets_in(SourceSpan span) const {
  if (span.source >= sources_.size()) return {};
  std::unique_ptr<OfSource>& of = of_sources_[span.source];
  if (!of) of = std::make_unique<OfSource>(sources_[span.source].text(), span.source, settings_, *judged_);
  return of->in(span);
}

std::string Redaction::text(SourceSpan span) const {
  std::string out;
  if (span.source >= sources_.size()) return out;
  const Source& source = sources_[span.source];
  std::uint32_t at = span.begin;
  for (const SourceSpan& secret : secrets_in(span)) {
    if (secret.begin > at) out += source.slice({span.source, at, secret.begin});
    out += "***";
    at = std::min(secret.end, span.end);
  }
  out += source.slice({span.source, at, std::max(at, span.end)});
  return out;
}

}  // namespace ipo
