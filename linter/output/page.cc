// Pages are read line by line; the only state is whether the line is inside a fenced block and inside which.
#include "linter/output/page.h"

#include <algorithm>
#include <functional>

#include "linter/output/snippet.h"

namespace ipo {
namespace {

void for_each_line(std::string_view text, const std::function<bool(std::string_view)>& visit) {
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!visit(line) || end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

// The backticks or tildes a line opens or closes a fence with; empty for any other line.
std::string_view fence_of(std::string_view line) {
  std::size_t indent = line.find_first_not_of(' ');
  if (indent == line.npos || indent > 3 || (line[indent] != '`' && line[indent] != '~')) return {};
  std::size_t end = line.find_first_not_of(line[indent], indent);
  std::string_view marks = line.substr(indent, end == line.npos ? line.npos : end - indent);
  return marks.size() >= 3 ? marks : std::string_view();
}

std::string trimmed(std::string text) {
  std::size_t first = text.find_first_not_of(" \n"), last = text.find_last_not_of(" \n");
  return first == text.npos ? std::string() : text.substr(first, last - first + 1);
}

}  // namespace

std::string readable_page(std::string_view page) {
  std::string out, fence;
  bool skipping = false;
  for_each_line(page, [&](std::string_view line) {
    std::string_view marks = fence_of(line);
    bool last_of_skipped = false;
    if (fence.empty() && !marks.empty()) {
      fence = marks;
      std::string_view info = line.substr(static_cast<std::size_t>(marks.data() - line.data()) + marks.size());
      std::size_t word = info.find_first_not_of(' ');
      skipping = word != info.npos && info.substr(word).starts_with("findings");
    } else if (!fence.empty() && !marks.empty() && marks[0] == fence[0] && marks.size() >= fence.size()) {
      fence.clear();
      last_of_skipped = skipping;
      skipping = false;
    }
    if (skipping || last_of_skipped) return true;
    if (line.empty() && fence.empty() && (out.empty() || out.ends_with("\n\n"))) return true;  // what a removed block leaves behind
    out.append(line) += '\n';
    return true;
  });
  return trimmed(std::move(out)) + '\n';
}

std::string short_page(std::string_view page, std::size_t& left_out) {
  std::string out, fence;
  std::size_t examples = 0;  // of the kind so far
  bool shown = true, of_examples = false;
  left_out = 0;
  std::string readable = readable_page(page);
  for_each_line(readable, [&](std::string_view line) {
    std::string_view marks = fence_of(line);
    if (!marks.empty() && fence.empty())
      fence = marks;
    else if (!marks.empty() && marks[0] == fence[0] && marks.size() >= fence.size())
      fence.clear();
    else if (fence.empty() && line.starts_with("## "))
      shown = true, examples = 0, of_examples = line == "## Flagged" || line == "## Allowed";
    else if (fence.empty() && of_examples && line.starts_with("### ")) {
      shown = ++examples == 1;
      left_out += !shown;
    }
    if (shown) out.append(line) += '\n';
    return true;
  });
  return trimmed(std::move(out)) + '\n';
}

std::string filled(std::string_view page, std::size_t width) {
  std::string out, paragraph, fence;
  std::size_t hanging = 0;
  auto flush = [&] {
    if (!paragraph.empty())
      for (const std::string& line : broken(paragraph, width, hanging)) out += line + '\n';
    paragraph.clear();
  };
  for_each_line(page, [&](std::string_view line) {
    std::string_view marks = fence_of(line);
    std::size_t first = line.find_first_not_of(' ');
    bool fenced = !fence.empty() || !marks.empty();
    bool item = first != line.npos && first < 4 && (line.substr(first).starts_with("- ") || line.substr(first).starts_with("* "));
    bool as_it_is = fenced || first == line.npos || line[first] == '#' || line[first] == '|' || line[first] == '>' ||
                    (first >= 4 && paragraph.empty());
    if (!marks.empty() && fence.empty())
      fence = marks;
    else if (!marks.empty() && marks[0] == fence[0] && marks.size() >= fence.size())
      fence.clear();
    if (as_it_is || item) flush();
    if (as_it_is) {
      out.append(line) += '\n';
    } else if (paragraph.empty()) {
      hanging = item ? first + 2 : 0;
      paragraph = line;
    } else {
      paragraph.append(" ").append(line.substr(first));
    }
    return true;
  });
  flush();
  return out;
}

std::string prose_of(std::string_view page) {
  std::string out, fence;
  bool titled = false;
  for_each_line(page, [&](std::string_view line) {
    std::string_view marks = fence_of(line);
    if (!marks.empty()) {
      if (fence.empty())
        fence = marks;
      else if (marks[0] == fence[0] && marks.size() >= fence.size())
        fence.clear();
    } else if (fence.empty()) {
      if (line.starts_with("## Flagged") || line.starts_with("## Allowed")) return false;
      if (!titled && line.starts_with("# ")) return titled = true;
    }
    out.append(line) += '\n';
    return true;
  });
  return trimmed(std::move(out)) + '\n';
}

std::string plain_text(std::string_view markdown) {
  std::string out;
  for_each_line(markdown, [&](std::string_view line) {
    if (!fence_of(line).empty()) return true;
    if (line.starts_with('#')) line.remove_prefix(std::min(line.find_first_not_of("# "), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) {
      std::size_t close = line[i] == '[' ? line.find("](", i) : line.npos;
      std::size_t end = close == line.npos ? line.npos : line.find(')', close);
      if (end != line.npos) {
        out += line.substr(i + 1, close - i - 1);
        i = end;
      } else if (line[i] != '`' && !(line[i] == '*' && line.substr(i).starts_with("**"))) {
        out += line[i];
      } else if (line[i] == '*') {
        ++i;
      }
    }
    out += '\n';
    return true;
  });
  return out;
}

std::string first_paragraph(std::string_view page, std::size_t limit) {
  std::string text;
  for_each_line(prose_of(page), [&](std::string_view line) {
    bool paragraph = !line.empty() && line[0] != '#' && line[0] != '|' && line[0] != '>' && fence_of(line).empty();
    if (!paragraph) return text.empty();
    if (!text.empty()) text += ' ';
    text += line;
    return true;
  });
  text = trimmed(plain_text(text));
  if (text.empty()) return text;
  std::size_t points = 0, cut = 0;
  while (cut < text.size() && points + 1 < limit) {
    ++cut, ++points;
    while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) ++cut;
  }
  if (cut < text.size()) {
    std::size_t sentence = text.rfind(". ", cut);
    if (sentence == text.npos) sentence = text.rfind(' ', cut);
    text.resize(sentence == text.npos ? cut : sentence);
  }
  if (!text.ends_with('.')) text += '.';
  return text;
}

}  // namespace ipo
