// A check's Markdown page as people read it; the same page is the check's test suite.
#pragma once

#include <string>
#include <string_view>

namespace ipo {

// The page without its `findings` blocks, which only the tests need.
std::string readable_page(std::string_view page);
// The same with only the first example of each kind, the first under "## Flagged" and the first under "## Allowed"; `left_out`
// is how many more there are.
std::string short_page(std::string_view page, std::size_t& left_out);
// Paragraphs and list items of a page filled to `width` columns; code, tables and headings stay as they are.
std::string filled(std::string_view page, std::size_t width);
// What stands before the first "## Flagged" or "## Allowed", without the title.
std::string prose_of(std::string_view page);
// The first paragraph of the prose on one line, cut at a sentence or word to `limit` code points, with a full stop;
// empty where there is none.
std::string first_paragraph(std::string_view page, std::size_t limit);
// Markdown as plain text: headings without marks, no backticks, links as their text.
std::string plain_text(std::string_view markdown);

}  // namespace ipo
