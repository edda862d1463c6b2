// Declared secrets are looked up among sorted spans. Around the quoted text, words that name a secret are searched, and
// what stands behind them as element content, quoted value, or next word is masked too.
#include "linter/redact.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ipo {
namespace {

// How far before the quoted text a secret's name is searched, in bytes.
constexpr std::uint32_t reach = 4096;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

enum class Name { harmless, secret, ambiguous };  // ambiguous: only where a value is assigned ("pass in on em0" is pf)

Name judge(std::string_view word) {
  std::string plain;
  for (char c : word)
    if (c != '_' && c != '-') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array<std::string_view, 16> parts = {
      "password",  "passwd",     "passphrase", "passcode", "secret",     "community",  "logincode",  "voicemailcode",
      "sharedkey", "privatekey", "wpakey",     "apikey",   "credential", "bcrypthash", "sha512hash", "otpseed"};
  constexpr std::array<std::string_view, 4> whole = {"pwd", "psk", "snmpstring", "accesscode"};
  constexpr std::array<std::string_view, 3> assigned = {"pass", "pin", "prv"};
  auto is_in = [&](const auto& list) { return std::find(list.begin(), list.end(), plain) != list.end(); };
  if (is_in(whole) || std::any_of(parts.begin(), parts.end(), [&](auto p) { return plain.find(p) != plain.npos; }))
    return Name::secret;
  return is_in(assigned) ? Name::ambiguous : Name::harmless;
}

// The value that belongs to a name ending at `at`, as [begin, end) of `text`; empty where there is none.
std::pair<std::size_t, std::size_t> value_after(std::string_view text, std::size_t at, Name name) {
  constexpr std::string_view word_ends = " \t\r\n<>,;\"'";
  auto until = [&](std::size_t from, std::string_view stops) {
    return std::pair(from, std::min(text.find_first_of(stops, from), text.size()));
  };
  auto skip_blanks = [&](std::size_t i) {
    while (i < text.size() && is_blank(text[i])) ++i;
    return i;
  };
  std::size_t i = at;
  if (i < text.size() && (text[i] == '"' || text[i] == '\'')) ++i;  // the closing quote of a JSON key
  if (i < text.size() && text[i] == '>') return until(i + 1, "<");
  i = skip_blanks(i);
  bool assigned = i < text.size() && (text[i] == '=' || text[i] == ':');
  if (!assigned && (i == at || name == Name::ambiguous)) return {at, at};
  if (assigned) i = skip_blanks(i + 1);
  if (i < text.size() && (text[i] == '"' || text[i] == '\'')) {
    char quote = text[i];
    return until(i + 1, std::string_view(&quote, 1));
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
std::pair<std::size_t, std::size_t> content_after_attributes(std::string_view text, std::size_t at) {
  std::size_t close = text.find_first_of("<>", at);
  if (close == text.npos || text[close] != '>' || text[close - 1] == '/') return {at, at};
  return {close + 1, std::min(text.find('<', close), text.size())};
}

void merge(std::vector<SourceSpan>& spans) {
  std::sort(spans.begin(), spans.end());
  std::vector<SourceSpan> merged;
  for (const SourceSpan& s : spans) {
    if (s.begin >= s.end) continue;
    if (!merged.empty() && merged.back().source == s.source && merged.back().end >= s.begin)
      merged.back().end = std::max(merged.back().end, s.end);
    else
      merged.push_back(s);
  }
  spans = std::move(merged);
}

}  // namespace

Redaction::Redaction(const Report& report) : sources_(report.sources) {
  auto take = [&](const std::vector<Setting>& settings) {
    for (const Setting& s : settings)
      if (s.secret) declared_.push_back(s.value.span);
  };
  for (const Host& host : report.site.hosts) take(host.settings);
  for (const Record& record : report.site.records) take(record.fields);
  merge(declared_);
}

std::vector<SourceSpan> Redaction::secrets_in(SourceSpan span) const {
  std::vector<SourceSpan> found;
  if (span.source >= sources_.size()) return found;
  auto at = std::lower_bound(declared_.begin(), declared_.end(), span, [](const SourceSpan& a, const SourceSpan& b) {
    return std::pair(a.source, a.end) <= std::pair(b.source, b.begin);
  });
  for (; at != declared_.end() && at->source == span.source && at->begin < span.end; ++at) found.push_back(*at);

  std::uint32_t from = span.begin - std::min(span.begin, reach);
  std::string_view text = std::string_view(sources_[span.source].text()).substr(0, std::size_t{span.end} + reach);
  auto mask = [&](std::pair<std::size_t, std::size_t> value) {
    if (value.first < span.end && value.second > span.begin && value.first < value.second)
      found.push_back({span.source, static_cast<std::uint32_t>(value.first), static_cast<std::uint32_t>(value.second)});
  };
  for (std::size_t i = from; i < std::min<std::size_t>(span.end, text.size());) {
    if (!is_name_char(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_name_char(text[end])) ++end;
    bool closing_tag = i > 0 && text[i - 1] == '/';
    Name name = closing_tag ? Name::harmless : judge(text.substr(i, end - i));
    if (name != Name::harmless) {
      bool element = i > 0 && text[i - 1] == '<';
      if (element && end < text.size() && text[end] != '>')
        mask(content_after_attributes(text, end));
      else
        mask(value_after(text, end, name));
    }
    i = end;
  }
  merge(found);
  return found;
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
