// A word is a check's id, a page's name or a term: the page is printed, or the term's section of terms.md; where the word is
// none, the nearest of all.
#include <fmt/format.h>

#include <algorithm>

#include "linter/commands/commands.h"
#include "linter/output/page.h"
#include "linter/output/snippet.h"
#include "parsers/text/embedded.h"
#include "parsers/text/nearest.h"

namespace ipo {
namespace {

// A section of terms.md: "## witness, packet" and the text below it. The first name is the one listed.
struct Term {
  std::vector<std::string_view> names;
  std::string_view text;
};

std::vector<Term> terms() {
  std::vector<Term> out;
  std::string_view page = term_pages().front().text;
  for (std::size_t at = page.find("\n## "); at != page.npos;) {
    std::size_t title = at + 4, end = page.find('\n', title), next = page.find("\n## ", end);
    Term& term = out.emplace_back();
    for (std::string_view names = page.substr(title, end - title); !names.empty();) {
      std::size_t comma = names.find(", ");
      term.names.push_back(names.substr(0, comma));
      names.remove_prefix(comma == names.npos ? names.size() : comma + 2);
    }
    term.text = page.substr(end + 1, next == page.npos ? page.npos : next - end);
    at = next;
  }
  return out;
}

// As terms are written: small letters, one blank between words, no quotes and no colon around them.
std::string as_term(std::string_view words) {
  std::string out;
  for (char c : words) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == '_') c = ' ';
    if (c == '"' || c == '\'' || c == ':' || (c == ' ' && (out.empty() || out.back() == ' '))) continue;
    out += c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

const Term* find_term(const std::vector<Term>& all, std::string_view words) {
  for (const Term& term : all)
    for (std::string_view name : term.names) {
      std::string asked = as_term(words), known = as_term(name);
      if (asked == known || asked == known + 's') return &term;
    }
  return nullptr;
}

// "management-api" of linter/output/pages/management-api.md.
std::string_view name_of(const EmbeddedText& page) { return page.name.substr(0, page.name.rfind('.')); }

const EmbeddedText* find_page(std::string_view words) {
  for (const EmbeddedText& page : guide_pages())
    if (as_term(words) == as_term(name_of(page))) return &page;
  return nullptr;
}

std::string shown(std::string_view page, const TextStyle& style) {
  return style.wraps ? filled(page, static_cast<std::size_t>(std::max(style.width, 40))) : std::string(page);
}

}  // namespace

std::string unknown_check(std::string_view id) {
  if (find_check(id)) return {};
  std::vector<std::string_view> ids;
  for (const Check& check : checks()) ids.push_back(check.id);
  return fmt::format("unknown check '{}'{}", printable(id), did_you_mean(id, ids));
}

int run_explain(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  std::vector<Term> all = terms();
  if (command.check.empty() || command.check == "terms") {
    std::string names, pages;
    for (const Term& term : all) (names += names.empty() ? "" : ", ") += term.names.front();
    for (const EmbeddedText& page : guide_pages()) (pages += pages.empty() ? "" : ", ") += name_of(page);
    out << shown(
        fmt::format("`ipo-lint explain CHECK` explains a check, `ipo-lint checks` lists them. `ipo-lint explain TERM` explains "
                    "a word of the reports:\n\n{}\n\n`ipo-lint explain PAGE` prints a page of its own:\n\n{}\n",
                    names, pages),
        command.style);
    return exit_clean;
  }
  if (const Check* check = find_check(command.check)) {
    std::size_t left_out = 0;
    std::string page = command.all ? readable_page(page_of(*check)) : short_page(page_of(*check), left_out);
    if (page.size() <= 1) page = fmt::format("# {}\n\n{}.\n", check->id, check->summary);
    out << shown(page, command.style);
    if (left_out > 0)
      out << '\n'
          << shown(fmt::format("{} more example{}: `ipo-lint explain --all {}`\n", left_out, left_out == 1 ? "" : "s", check->id),
                   command.style);
    return exit_clean;
  }
  if (const EmbeddedText* page = find_page(command.check)) {
    out << shown(page->text, command.style);
    return exit_clean;
  }
  if (const Term* term = find_term(all, command.check)) {
    out << shown(fmt::format("# {}\n{}", term->names.front(), term->text), command.style);
    return exit_clean;
  }
  std::vector<std::string_view> known;
  for (const Check& check : checks()) known.push_back(check.id);
  for (const EmbeddedText& page : guide_pages()) known.push_back(name_of(page));
  for (const Term& term : all) known.insert(known.end(), term.names.begin(), term.names.end());
  err << fmt::format(
      "ipo-lint: unknown check or term '{}'{}\n`ipo-lint checks` lists the checks, `ipo-lint explain terms` the terms.\n",
      printable(command.check), did_you_mean(command.check, known));
  return exit_usage;
}

}  // namespace ipo
