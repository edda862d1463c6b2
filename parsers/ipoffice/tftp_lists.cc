// Lines are split at commas outside quotes; the list whose shape most lines have is the one, and its table of columns says
// which cell is which field.
#include "parsers/ipoffice/tftp_lists.h"

#include <algorithm>
#include <span>

#include "parsers/ipoffice/field_map.h"

namespace ipo {
namespace {

struct Cell {
  std::string_view text;    // without its quotes
  std::uint32_t begin = 0;  // in the source
};

struct Column {
  std::size_t number;  // from 1
  std::string_view name;
};

bool is_number(std::string_view text, std::size_t longest = 15) {
  return !text.empty() && text.size() <= longest && text.find_first_not_of("0123456789") == text.npos;
}

bool is_dialled(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.find_first_not_of("0123456789+*#;,NSW ()-/") == text.npos &&
         text.find_first_of("0123456789") != text.npos;
}

bool is_digit_from(std::string_view text, char low, char high) { return text.size() == 1 && text[0] >= low && text[0] <= high; }

// "9.1.4.0 build 137", "7.0(27)": where a release stands, without what follows it.
std::string_view release_in(std::string_view text) {
  std::string_view release = text.substr(0, std::min(text.find_first_not_of("0123456789."), text.size()));
  return release.find('.') != release.npos && release.front() != '.' && release.back() != '.' ? release : std::string_view();
}

bool is_mac(std::string_view text) {
  std::size_t digits = 0;
  for (char c : text) {
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!hex && c != ':' && c != '-') return false;
    digits += hex;
  }
  return digits == 12;
}

using Cells = std::vector<Cell>;

bool is_who_is(const Cells& c) {
  return c.size() >= 10 && c.size() <= 40 && is_mac(c[0].text) &&
         (c[1].text.find("IP 5") != c[1].text.npos || c[1].text.find("IP Office") != c[1].text.npos ||
          c[1].text.find("Server") != c[1].text.npos || c[1].text.find("IP 4") != c[1].text.npos);
}
bool is_user_info(const Cells& c) { return c.size() >= 60 && c.size() <= 90 && !c[0].text.empty() && is_number(c[2].text); }
bool is_user_list(const Cells& c) {
  return c.size() >= 7 && c.size() <= 12 && !c[0].text.empty() && (c[1].text.empty() || is_number(c[1].text)) &&
         !is_number(c[2].text) && is_digit_from(c[3].text, '0', '8') && (c[4].text.empty() || is_number(c[4].text));
}
bool is_hunt_list(const Cells& c) {
  return c.size() >= 8 && c.size() <= 12 && !c[0].text.empty() && is_number(c[1].text) && is_digit_from(c[4].text, '0', '2');
}
bool is_directory(const Cells& c) { return c.size() == 2 && !c[0].text.empty() && is_dialled(c[1].text); }

struct List {
  std::string_view name;    // of the file below nasystem/
  std::string_view record;  // the type of its records
  int sureness;
  bool (*fits)(const Cells&);
  std::span<const Column> columns;
};

constexpr Column who_is_columns[] = {{1, "MACAddress"}, {2, "Type"}};
constexpr Column user_info_columns[] = {{1, "Name"},
                                        {2, "FullName"},
                                        {3, "Extension"},
                                        {4, "ForwardOnBusy"},
                                        {5, "ForwardOnNoAnswer"},
                                        {6, "ForwardUnconditional"},
                                        {7, "ForwardNumber"},
                                        {8, "ForwardBusyNumber"},
                                        {9, "DoNotDisturb"},
                                        {10, "FollowMe"},
                                        {12, "VoicemailOn"},
                                        {54, "UserRights"},
                                        {68, "TwinnedMobileNumber"},
                                        {69, "Twinning"}};
constexpr Column user_list_columns[] = {{1, "Name"},       {2, "Extension"},     {3, "FullName"}, {4, "AssignedPackage"},
                                        {6, "OneXClient"}, {8, "VoicemailEmail"}};
constexpr Column hunt_list_columns[] = {{1, "Name"}, {2, "Extension"}, {4, "Queued"}, {5, "Mode"}, {8, "Messages"}};
constexpr Column directory_columns[] = {{1, "name"}, {2, "numb"}};

constexpr List lists[] = {{"who_is", "who_is", 70, is_who_is, who_is_columns},
                          {"user_info3", "User", 50, is_user_info, user_info_columns},
                          {"user_list8", "User", 40, is_user_list, user_list_columns},
                          {"hunt_list", "HuntGroup", 30, is_hunt_list, hunt_list_columns},
                          {"dir_list", "corporate_dir", 20, is_directory, directory_columns}};

// A doubled quote inside quotes stays as it is written: nothing says how the PBX writes one.
Cells split(const Source& source, std::uint32_t line) {
  std::string_view text = source.line(line);
  std::uint32_t start = source.line_start(line);
  Cells cells;
  for (std::size_t i = 0; i <= text.size();) {
    std::size_t first = std::min(text.find_first_not_of(" \t", i), text.size()), end;
    std::size_t begin = first, stop;
    if (first < text.size() && text[first] == '"') {
      begin = first + 1;
      stop = std::min(text.find('"', begin), text.size());
      while (stop + 1 < text.size() && text[stop + 1] == '"') stop = std::min(text.find('"', stop + 2), text.size());
      end = std::min(text.find(',', std::min(stop + 1, text.size())), text.size());
    } else {
      end = std::min(text.find(',', i), text.size());
      begin = std::min(first, end);
      stop = end;
      while (stop > begin && (text[stop - 1] == ' ' || text[stop - 1] == '\t')) --stop;
    }
    cells.push_back({text.substr(begin, stop - begin), start + static_cast<std::uint32_t>(begin)});
    i = end + 1;
  }
  return cells;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\f\v") == text.npos; }

// The list whose shape most of the first lines have, and how many of how many have it.
struct Choice {
  const List* list = nullptr;
  std::size_t fitting = 0, lines = 0;
};

Choice choose(const Source& source) {
  constexpr std::size_t looked_at = 200;
  Choice best;
  std::vector<Cells> lines;
  for (std::uint32_t n = 1; n <= source.line_count() && lines.size() < looked_at; ++n) {
    if (is_blank(source.line(n))) continue;
    if (source.line(n).size() > 4000) return {nullptr, 0, 1};
    lines.push_back(split(source, n));
  }
  best.lines = lines.size();
  for (const List& list : lists) {
    auto fitting = static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), list.fits));
    if (fitting > best.fitting) best.list = &list, best.fitting = fitting;
  }
  return best;
}

class Interpreter {
 public:
  Interpreter(const Source& text, std::uint32_t source, Site& site)
      : text_(text), source_(source), site_(site), map_(site.reading.fields ? *site.reading.fields : FieldMap::builtin()) {}

  void run() {
    const List* list = choose(text_).list;
    Record entries;
    for (std::uint32_t n = 1; n <= text_.line_count(); ++n) {
      if (is_blank(text_.line(n))) continue;
      Cells cells = split(text_, n);
      if (!list || !list->fits(cells)) {
        state(line_span(n), Understanding::not_understood,
              list ? "does not fit the other lines of the list" : "a list whose columns are not known");
        continue;
      }
      state(line_span(n), Understanding::understood, "");
      bool directory = list->record == "corporate_dir";
      Record record;
      Record& into = directory ? entries : record;
      if (into.type.empty()) into.type = list->record, into.span = line_span(n);
      for (const Column& column : list->columns)
        if (column.number <= cells.size()) add(into, *list, column.name, cells[column.number - 1], directory);
      if (list->record == "who_is") add_host(into, cells);
      if (!directory) site_.records.push_back(std::move(record));
    }
    if (!entries.fields.empty()) site_.records.push_back(std::move(entries));
  }

 private:
  SourceSpan line_span(std::uint32_t n) const {
    std::uint32_t begin = text_.line_start(n);
    return {source_, begin, begin + static_cast<std::uint32_t>(text_.line(n).size())};
  }
  SourceSpan span(const Cell& cell) const {
    return {source_, cell.begin, cell.begin + static_cast<std::uint32_t>(cell.text.size())};
  }

  void state(SourceSpan at, Understanding understanding, std::string reason) {
    site_.statements.push_back({at, understanding, std::move(reason)});
  }

  void add(Record& record, const List& list, std::string_view column, const Cell& cell, bool directory) {
    std::string path = "nasystem/" + std::string(list.name) + "/" + std::string(column);
    if (directory) path += "[" + std::to_string(record.fields.size() / 2 + 1) + "]";
    Setting field = setting_at(map_, path);
    field.value = {std::string(cell.text), span(cell)};
    record.fields.push_back(std::move(field));
  }

  // The release stands in the 9th or the 10th cell, the name two cells behind it.
  void add_host(const Record& record, const Cells& cells) {
    Host host;
    host.products = {"ip-office"};
    host.span = record.span;
    for (std::size_t at : {std::size_t{8}, std::size_t{9}}) {
      std::string_view release = at < cells.size() ? release_in(cells[at].text) : std::string_view();
      if (release.empty() || host.release) continue;
      SourceSpan place{source_, cells[at].begin, cells[at].begin + static_cast<std::uint32_t>(release.size())};
      host.release = Located<Release>{parse_release(release), place};
      if (at + 2 < cells.size()) host.name = std::string(cells[at + 2].text);
    }
    if (cells[1].text.find("IP 500 V2") != std::string_view::npos || cells[1].text.find("IP500 V2") != std::string_view::npos)
      host.platform = "ip500v2";
    if (!host.release) return state(record.span, Understanding::bounded, "no release is where one is expected");
    for (Host& known : site_.hosts)
      if (!known.name.empty() && known.name == host.name) {
        if (!known.release) known.release = host.release;
        return;
      }
    site_.hosts.push_back(std::move(host));
  }

  const Source& text_;
  std::uint32_t source_;
  Site& site_;
  const FieldMap& map_;
};

}  // namespace

int recognises_tftp_list(const Source& source) {
  std::string_view text = source.text();
  std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos || text[first] == '<' || text[first] == '{' || text[first] == '[' || text[first] == '#') return 0;
  Choice choice = choose(source);
  return choice.list && choice.fitting == choice.lines ? choice.list->sureness : 0;
}

void interpret_tftp_list(const Sources& sources, std::uint32_t source, Site& site) {
  Interpreter(sources[source], source, site).run();
}

}  // namespace ipo
