// prepare_xml() overwrites, byte for byte, what libxml2 must not see or would give up on; libxml2 then tells where tags
// start and end, below a root of ours. Names, attributes and text are taken from the file's bytes between those places,
// and where libxml2 stops early, it is started again behind that place.
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "parsers/document/document.h"
#include "parsers/document/prepare_xml.h"

namespace ipo {
namespace {

using namespace xml;

constexpr std::size_t none = std::string::npos;
constexpr std::size_t max_restarts = 20;
constexpr int names_in_table = 20'000;
constexpr std::string_view root_tag = "<r>", root_end = "</r>";

std::string_view local_name(std::string_view name) {
  std::size_t colon = name.rfind(':');
  return colon == none || colon + 1 == name.size() ? name : name.substr(colon + 1);
}

// For messages: names come from the file and may be of any length.
std::string short_name(std::string_view name) {
  if (name.size() <= 60) return std::string(name);
  std::size_t n = 60;
  while (n > 0 && (static_cast<unsigned char>(name[n]) & 0xc0) == 0x80) --n;
  return std::string(name.substr(0, n)) + "…";
}

std::uint32_t offset32(std::size_t n) { return static_cast<std::uint32_t>(n); }

void append_utf8(std::string& out, std::uint32_t c) {
  auto byte = [&](std::uint32_t b) { out.push_back(static_cast<char>(b)); };
  if (c < 0x80)
    byte(c);
  else if (c < 0x800)
    byte(0xc0 | (c >> 6)), byte(0x80 | (c & 0x3f));
  else if (c < 0x10000)
    byte(0xe0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3f)), byte(0x80 | (c & 0x3f));
  else
    byte(0xf0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3f)), byte(0x80 | ((c >> 6) & 0x3f)), byte(0x80 | (c & 0x3f));
}

struct Reference {
  std::string text;
  std::size_t length;  // of "&...;"
};

// The reference at text[at] == '&', or nothing where it is none of the five entities and no character reference.
std::optional<Reference> reference(std::string_view text, std::size_t at) {
  std::size_t end = text.substr(at, 32).find(';');
  if (end == none || end < 2) return {};
  std::string_view name = text.substr(at + 1, end - 1);
  constexpr std::pair<std::string_view, char> entities[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (auto [entity, character] : entities)
    if (name == entity) return Reference{std::string(1, character), end + 1};
  if (name[0] != '#') return {};
  bool hex = name.size() > 1 && name[1] == 'x';
  std::uint32_t value = 0;
  std::size_t first = hex ? 2 : 1;
  for (std::size_t i = first; i < name.size(); ++i) {
    char c = name[i];
    std::uint32_t digit = c >= '0' && c <= '9'          ? static_cast<std::uint32_t>(c - '0')
                          : hex && c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a' + 10)
                          : hex && c >= 'A' && c <= 'F' ? static_cast<std::uint32_t>(c - 'A' + 10)
                                                        : 99;
    if (digit == 99 || value > 0x10ffff) return {};
    value = value * (hex ? 16 : 10) + digit;
  }
  bool allowed = value == 9 || value == 10 || value == 13 || (value >= 0x20 && value < 0xd800) ||
                 (value >= 0xe000 && value < 0xfffe) || (value >= 0x10000 && value <= 0x10ffff);
  if (first == name.size() || !allowed) return {};
  Reference out{{}, end + 1};
  append_utf8(out.text, value);
  return out;
}

// Builds the tree from libxml2's events.
class Reader {
 public:
  Reader(const std::string& original, const Prepared& prepared, std::uint32_t source, Damages& damages, const TakeElement& take)
      : original_(original), text_(prepared.text()), source_(source), damages_(damages), take_(take), last_(prepared.begin) {
    open_.emplace_back();
    open_.front().span = open_.front().name_span = {source, 0, offset32(text_.size())};
  }

  Node read() {
    std::size_t from = last_;
    for (std::size_t restarts = 0;; ++restarts) {
      parse(from);
      if (complete_) break;
      std::size_t next = text_.find('<', std::max({last_, reached_, restarts ? from + 1 : from}));
      if (next == none) break;
      if (restarts == max_restarts) {
        damages_.add(next, next + 1, "nothing from here on is read");
        break;
      }
      from = next;
    }
    take_text(text_.size());
    if (open_.size() > 1 || pending_) {
      const Node& top = innermost();
      damages_.add(top.name_span.begin, top.name_span.end, "the text ends inside <" + short_name(top.name) + ">");
    }
    while (open_.size() > 1 || pending_) close(text_.size());
    Node root = std::move(open_.front());
    finish_text(root, 0);
    if (!root.text.empty()) damages_.add(root.text_span.begin, root.text_span.begin + 1, "text outside any element");
    if (root.children.empty()) damages_.add(0, 0, "no XML element can be read here");
    return root;
  }

 private:
  // One run of libxml2 over text_[from..], inside a root element of ours so that several top-level elements are
  // allowed.
  void parse(std::size_t from) {
    static std::once_flag once;
    std::call_once(once, [] {
      xmlInitParser();
      xmlSetExternalEntityLoader([](const char*, const char*, xmlParserCtxtPtr) -> xmlParserInputPtr { return nullptr; });
    });
    Feed feed{{root_tag, text_.substr(from), root_end}};
    used_up_.clear();
    std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> context(
        xmlCreateIOParserCtxt(nullptr, nullptr, &Feed::read, nullptr, &feed, XML_CHAR_ENCODING_UTF8), &xmlFreeParserCtxt);
    if (!context) throw std::bad_alloc();
    context_ = context.get();
    base_ = from;
    seen_root_ = self_closed_ = false;
    xmlCtxtUseOptions(context_, XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    // The SAX 1 interface: names with their prefixes, because a fragment may use prefixes its lost root declared, and
    // no search in the declared ones. The default handlers, which build a tree and know entities, are all gone.
    xmlSAXHandler handler = {};
    handler.initialized = 1;
    handler.startElement = [](void* self, const xmlChar* name, const xmlChar**) {
      static_cast<Reader*>(self)->start(reinterpret_cast<const char*>(name));
    };
    handler.endElement = [](void* self, const xmlChar*) { static_cast<Reader*>(self)->end(); };
    handler.error = &Reader::report;
    handler.getEntity = [](void*, const xmlChar*) -> xmlEntityPtr { return nullptr; };
    handler.resolveEntity = [](void*, const xmlChar*, const xmlChar*) -> xmlParserInputPtr { return nullptr; };
    *context_->sax = handler;
    context_->userData = this;
    xmlParseDocument(context_);
    context_ = nullptr;
  }

  // What libxml2 reads, piece by piece and without a copy of it all.
  struct Feed {
    std::array<std::string_view, 3> parts;

    static int read(void* self, char* buffer, int length) {
      int given = 0;
      for (std::string_view& part : static_cast<Feed*>(self)->parts) {
        std::size_t n = std::min(part.size(), static_cast<std::size_t>(length - given));
        std::copy_n(part.data(), n, buffer + given);
        part.remove_prefix(n);
        given += static_cast<int>(n);
      }
      return given;
    }
  };

  // Where libxml2 stands, as an offset in the file; past its end inside our own end tag.
  std::size_t offset() const {
    long consumed = xmlByteConsumed(context_);
    std::size_t n = consumed < 0 ? 0 : static_cast<std::size_t>(consumed);
    return n <= root_tag.size() ? base_ : n - root_tag.size() + base_;
  }

  // libxml2 keeps every name it meets in a table that stops growing, and then looks through ever longer lists; it takes a new
  // table as well. Names it still has open are in the old ones.
  void renew_names() {
    if (xmlDictSize(context_->dict) < names_in_table) return;
    xmlDictPtr fresh = xmlDictCreate();
    if (!fresh) throw std::bad_alloc();
    used_up_.emplace_back(context_->dict, &xmlDictFree);
    context_->dict = fresh;
  }

  // libxml2 stands behind the last attribute, before ">" or "/>".
  void start(std::string_view name) {
    renew_names();
    if (!std::exchange(seen_root_, true)) return;
    std::size_t at = std::clamp(offset(), last_, text_.size());
    std::size_t begin = plain_start(name, at);
    if (begin != none) return open(local_name(name), begin, at + 1);
    begin = at == 0 ? none : text_.rfind('<', at - 1);
    if (begin == none || begin < last_) return;
    take_text(begin);
    // In a tag it does not understand it stands anywhere, and takes the element for closed without saying so.
    bool understood = text_.compare(at, 1, ">") == 0 || text_.compare(at, 2, "/>") == 0;
    std::size_t stop = find_bracket(text_, at);
    bool empty = stop > at && text_[stop - 1] == '/';
    open(local_name(name), begin, stop < text_.size() && text_[stop] == '>' ? stop + 1 : stop);
    read_attributes(innermost(), std::min(begin + 1 + name.size(), at), stop);
    self_closed_ = empty && understood;
    if (empty && !understood) close(last_);
  }

  // Nearly all tags are "<name>" and "</name>": where libxml2, standing at `at`, has just read one, this is where it begins;
  // none where it is another.
  std::size_t plain_start(std::string_view name, std::size_t at) const {
    std::size_t length = name.size() + 1;
    bool plain = at < text_.size() && text_[at] == '>' && at >= last_ + length && text_[at - length] == '<' &&
                 std::memcmp(text_.data() + at - name.size(), name.data(), name.size()) == 0;
    return plain ? at - length : none;
  }
  std::size_t plain_end(std::string_view name, std::size_t at) const {
    std::size_t length = name.size() + 3;
    bool plain = at >= last_ + length && text_[at - 1] == '>' && text_[at - length] == '<' && text_[at - length + 1] == '/' &&
                 std::memcmp(text_.data() + at - name.size() - 1, name.data(), name.size()) == 0;
    return plain ? at - length : none;
  }

  Node& innermost() { return pending_ ? open_.back().children.back() : open_.back(); }

  // What is pending holds more than text, so it goes among the open ones, with the room its like needed before.
  void unfold() {
    if (!std::exchange(pending_, false)) return;
    Node node = std::move(open_.back().children.back());
    open_.back().children.pop_back();
    if (spare_.capacity() > 0 && open_.size() == spare_depth_) node.children = std::move(spare_);
    open_.push_back(std::move(node));
  }

  // Opens the element of the tag [begin, end), after the text before it.
  void open(std::string_view name, std::size_t begin, std::size_t end) {
    take_text(begin);
    last_ = end;
    unfold();
    Node& node = open_.back().children.emplace_back();
    node.name = name;
    node.span = node.name_span = {source_, offset32(begin), offset32(end)};
    pending_ = true;
    self_closed_ = false;
  }

  // libxml2 stands behind the end tag, whatever name the file gives there.
  void end() {
    if (std::exchange(self_closed_, false)) return close(last_);
    std::size_t at = offset();
    if (at > text_.size()) {
      complete_ = true;
      return;
    }
    std::size_t begin = open_.size() > 1 || pending_ ? plain_end(innermost().name, at) : none;
    if (begin != none) {
      take_text(begin);
      last_ = at;
      return close(at);
    }
    begin = at < 2 ? none : text_.rfind("</", at - 2);
    if (begin == none || begin < last_) return;
    take_text(begin);
    last_ = at;
    std::size_t stop = begin + 2;
    while (stop < at && !name_end(text_[stop])) ++stop;
    std::string_view name = local_name(text_.substr(begin + 2, stop - begin - 2));
    unfold();
    std::size_t match = open_.size() - 1;
    while (match > 0 && open_[match].name != name) --match;
    if (open_.size() == 1) {
      damages_.add(begin, at, "an end tag without its start tag");
    } else if (match == 0) {
      damages_.add(begin, at, "</" + short_name(name) + "> where <" + short_name(open_.back().name) + "> ends");
      close(at);
    } else {
      while (open_.size() > match + 1) {
        const Node& lost = open_.back();
        damages_.add(lost.name_span.begin, lost.name_span.end, "<" + short_name(lost.name) + "> has no end tag");
        close(begin);
      }
      close(at);
    }
  }

  static void report(void* self, const char*, ...) { static_cast<Reader*>(self)->error(); }

  // Wording of our own: libxml2's messages quote the file, and what they quote may be a secret.
  void error() {
    const xmlError& e = context_->lastError;
    std::size_t at = offset();
    if (at > text_.size() || e.domain != XML_FROM_PARSER || e.level == XML_ERR_WARNING) return;
    reached_ = std::max(reached_, at);
    switch (e.code) {
      case XML_ERR_TAG_NAME_MISMATCH:  // end() knows better, and so does reference() for these:
      case XML_ERR_DOCUMENT_END:
      case XML_ERR_UNDECLARED_ENTITY:
      case XML_WAR_UNDECLARED_ENTITY:
      case XML_ERR_ENTITYREF_NO_NAME:
      case XML_ERR_ENTITYREF_SEMICOL_MISSING:
      case XML_ERR_INVALID_CHARREF:
      case XML_ERR_INVALID_DEC_CHARREF:
      case XML_ERR_INVALID_HEX_CHARREF:
      case XML_ERR_INVALID_CHAR:
        return;
      case XML_ERR_ATTRIBUTE_REDEFINED:
        return damages_.add(at, at + 1, "an attribute given twice");
      case XML_ERR_MISPLACED_CDATA_END:
        return damages_.add(at, at + 1, "a ']]>' without a CDATA section");
      default:
        return damages_.add(at, at + 1, "XML that is not well formed");
    }
  }

  void close(std::size_t end) {
    if (!std::exchange(pending_, false)) {
      Node node = std::move(open_.back());
      open_.pop_back();
      open_.back().children.push_back(std::move(node));
    }
    Node& node = open_.back().children.back();
    node.span.end = offset32(end);
    finish_text(node, node.name_span.end);
    bool leaf = node.children.empty() && node.attributes.empty();
    if (leaf || !take_ || !take_(open_, node)) return;
    if (node.children.capacity() > 0) {  // the next one is likely to be as large
      spare_ = std::move(node.children);
      spare_.clear();
      spare_depth_ = open_.size();
    }
    open_.back().children.pop_back();
  }

  // Blank ends are layout, not content.
  void finish_text(Node& node, std::uint32_t content) {
    if (node.text_span.end == 0) {
      node.text.clear();
      node.text_span = {source_, content, content};
      return;
    }
    std::size_t end = node.text.size();
    while (blank(node.text[end - 1])) --end;
    node.text.resize(end);
  }

  // Blanks before any content are layout.
  void append(Node& node, std::string_view text, std::size_t begin, std::size_t end) {
    bool layout = text.size() == 1 && blank(text[0]);
    if (layout && node.text_span.end == 0) return;
    node.text.append(text);
    if (layout) return;
    if (node.text_span.end == 0) node.text_span = {source_, offset32(begin), 0};
    node.text_span.end = offset32(end);
  }

  // The reference at `at`, or its '&' as it stands, with a damage. Returns its length.
  std::size_t take_reference(std::size_t at, std::string& out) {
    if (auto r = reference(text_, at)) {
      out = std::move(r->text);
      return r->length;
    }
    damages_.add(at, at + 1, "an entity or '&' that is kept as it stands");
    out = "&";
    return 1;
  }

  // Character data in [last_, end) belongs to the innermost open element.
  void take_text(std::size_t end) {
    Node& node = innermost();
    for (std::size_t i = last_; i < end;) {
      char c = text_[i];
      std::size_t n = 1;
      if (std::size_t stop = plain_run(i, end); stop > i) {
        append_run(node, i, stop);
        n = stop - i;
      } else if (c == '<' && text_.compare(i, 9, "<![CDATA[") == 0) {
        std::size_t close = std::min(text_.find("]]>", i), end);
        for (std::size_t k = i + 9; k < close; ++k) take_byte(node, k);
        n = close + 3 - i;
      } else if (c == '<') {  // a tag libxml2 refused
        std::size_t close = text_.find('>', i);
        n = close < end ? close + 1 - i : end - i;
      } else if (c == '&') {
        std::string out;
        n = take_reference(i, out);
        append(node, out, i, i + n);
      } else {
        take_byte(node, i);
      }
      i += n;
    }
    last_ = std::max(last_, end);
  }

  // The end of the bytes from `i` on that stand for themselves.
  std::size_t plain_run(std::size_t i, std::size_t end) const {
    static constexpr auto special = [] {
      std::array<bool, 256> out{};
      for (char c : {'<', '&', hidden, '\r'}) out[static_cast<unsigned char>(c)] = true;
      return out;
    }();
    const char* text = text_.data();
    while (i < end && !special[static_cast<unsigned char>(text[i])]) ++i;
    return i;
  }

  void append_run(Node& node, std::size_t begin, std::size_t end) {
    std::size_t first = begin;
    while (first < end && blank(original_[first])) ++first;
    bool fresh = node.text_span.end == 0;
    if (!fresh || first < end) node.text.append(original_, fresh ? first : begin, end - (fresh ? first : begin));
    if (first == end) return;
    begin = first;
    while (blank(original_[end - 1])) --end;
    if (node.text_span.end == 0) node.text_span = {source_, offset32(begin), 0};
    node.text_span.end = offset32(end);
  }

  // CRLF and CR are LF in XML.
  void take_byte(Node& node, std::size_t at) {
    char c = original_[at];
    if (text_[at] == hidden && c != hidden) return;
    if (c == '\r' && at + 1 < original_.size() && original_[at + 1] == '\n') return;
    append(node, c == '\r' ? "\n" : std::string_view(&c, 1), at, at + 1);
  }

  void read_attributes(Node& node, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to;) {
      if (name_end(text_[i]) || text_[i] == '"' || text_[i] == '\'') {
        ++i;
        continue;
      }
      std::size_t begin = i;
      while (i < to && !name_end(text_[i]) && text_[i] != '"' && text_[i] != '\'') ++i;
      std::string_view name = text_.substr(begin, i - begin);
      std::size_t k = i;
      while (k < to && blank(text_[k])) ++k;
      if (k >= to || text_[k] != '=') continue;
      for (++k; k < to && blank(text_[k]);) ++k;
      if (k >= to || (text_[k] != '"' && text_[k] != '\'')) continue;
      std::size_t close = text_.find(text_[k], k + 1);
      if (close >= to) continue;
      Attribute attribute;
      attribute.name = name == "xmlns" || name.starts_with("xmlns:") ? name : local_name(name);
      attribute.value = attribute_value(k + 1, close);
      attribute.span = {source_, offset32(begin), offset32(close + 1)};
      attribute.value_span = {source_, offset32(k + 1), offset32(close)};
      node.attributes.push_back(std::move(attribute));
      i = close + 1;
    }
  }

  // Line ends and tabs are blanks in attribute values.
  std::string attribute_value(std::size_t begin, std::size_t end) {
    std::string out, part;
    for (std::size_t i = begin; i < end; ++i) {
      char c = original_[i];
      if (text_[i] == '&') {
        i += take_reference(i, part) - 1;
        out += part;
      } else if (text_[i] == hidden && c != hidden) {
        continue;
      } else if (blank(c)) {
        if (c != '\r' || original_[i + 1] != '\n') out += ' ';
      } else {
        out += c;
      }
    }
    return out;
  }

  const std::string& original_;
  std::string_view text_;  // prepared; same length
  std::uint32_t source_;
  Damages& damages_;
  const TakeElement& take_;
  std::vector<Node> open_;   // the root, and what is open below it
  bool pending_ = false;     // the last child of the innermost is open too; nearly all elements are only text and end there
  std::vector<Node> spare_;  // room for the children of an element at spare_depth_
  std::size_t spare_depth_ = 0;
  xmlParserCtxtPtr context_ = nullptr;
  std::vector<std::unique_ptr<xmlDict, decltype(&xmlDictFree)>> used_up_;  // its tables of names
  std::size_t base_ = 0;                                                   // offset this run of libxml2 started at
  std::size_t last_;                                                       // end of the last tag
  std::size_t reached_ = 0;                                                // place of the last error
  bool seen_root_ = false, self_closed_ = false;
  bool complete_ = false;  // libxml2 came to our own end tag
};

}  // namespace

Document read_xml(const Sources& sources, std::uint32_t source) { return read_xml(sources, source, {}); }

Document read_xml(const Sources& sources, std::uint32_t source, const TakeElement& take) {
  const std::string& original = sources[source].text();
  Damages before(source, original), within(source, original);
  Prepared prepared = prepare_xml(original, before);
  Document document;
  document.root = Reader(original, prepared, source, within, take).read();
  document.damages = Damages::merged(std::move(before), std::move(within));
  return document;
}

}  // namespace ipo
