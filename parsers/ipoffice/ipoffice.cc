// Records are what a ws_object holds, or elements that are named like a record and have children; they are taken out of the
// tree as the XML is read, what is left is walked down to them. Below a record every leaf becomes a setting, looked up by its path.
// Hosts are made from System records, and from what users and lists say of their system where there is none. A host has what a
// setting means (seconds of milliseconds, the word of a code), a record what stands there. Of each `data` element it is counted how
// many records it holds, to be held against what it announces.
#include "parsers/ipoffice/ipoffice.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "parsers/document/document.h"
#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/secret_names.h"
#include "parsers/text/values.h"

namespace ipo {
namespace {

constexpr std::string_view userlist_ns = "http://www.avaya.com/ipoffice/userlist";
constexpr std::string_view directory_ns = "http://www.avaya.com/ipoffice/corporatedirectory";
constexpr std::string_view trunk_ns = "urn:SIPTrunk-schema";

constexpr std::size_t max_path = 1000;       // bytes
constexpr std::size_t max_steps = 1u << 20;  // different paths kept of one input; values below others have no path and no setting
constexpr std::size_t most_errors = 1000;    // of one input that are said
constexpr std::size_t most_alike = 32;       // elements of one name in another whose paths are kept

constexpr std::string_view record_types[] = {
    "System",    "User",         "Extension",         "License",           "HuntGroup", "ShortCode", "Line",  "SIPLine",
    "SIPTrunk",  "IPRoute",      "IncomingCallRoute", "FirewallProfile",   "Tunnel",    "Service",   "RAS",   "AccountCode",
    "UserRight", "ARS",          "TimeProfile",       "AuthorizationCode", "Location",  "WANPort",   "Group", "DirectoryEntry",
    "Node",      "AutoAttendant"};

// What stands where a record would in answers to writes, and beside records.
constexpr std::string_view no_records[] = {"ModifiedEntities", "reboot", "Warning", "reference_list"};

constexpr std::string_view platforms[] = {"ip500v2", "server-edition", "application-server", "windows", "virtual"};

bool declares(const Node& node, std::string_view ns) {
  return std::any_of(node.attributes.begin(), node.attributes.end(),
                     [&](const Attribute& a) { return a.name.starts_with("xmlns") && a.value == ns; });
}

// A list or template, whose elements are no records of an envelope.
bool declares_list(const Node& node) {
  return declares(node, userlist_ns) || declares(node, directory_ns) || declares(node, trunk_ns);
}

// The first element, at most three levels below, that `wanted` holds for.
template <class Predicate>
const Node* find_near_top(const Node& node, const Predicate& wanted, int levels = 3) {
  if (levels == 0) return nullptr;
  for (const Node& c : node.children) {
    if (wanted(c)) return &c;
    if (const Node* found = find_near_top(c, wanted, levels - 1)) return found;
  }
  return nullptr;
}

bool is_trunk_template(const Node& n) {
  if (declares(n, trunk_ns)) return true;
  const Node* type = n.name == "Template" ? n.child("TemplateType") : nullptr;
  return type && type->text == "SIPTrunk";
}

// `Extension` is both a record and a field of records: only the record has children or a GUID.
bool is_record(const Node& n) { return (!n.children.empty() || n.attribute("GUID")) && is_record_type(n.name); }

// One line, at most 200 bytes.
std::string quotable(std::string text) {
  std::size_t n = std::min<std::size_t>(text.size(), 200);
  while (n > 0 && n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) --n;
  text.resize(n);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

bool is_no_record(std::string_view name) {
  return std::find(std::begin(no_records), std::end(no_records), name) != std::end(no_records);
}

bool has_value(const Node& n, std::string_view attribute, std::string_view value) {
  const Attribute* a = n.attribute(attribute);
  return a && a->value == value;
}

// A ws_object, or SMAError without one, that says why a request failed.
bool is_error_node(const Node& n) {
  const Attribute* says = n.attribute("error_node");
  return (says && parse_flag(says->value) == true) || n.name == "SMAError";
}

bool is_envelope(std::string_view name) { return name == "response" || name == "combinedresponse" || name == "data"; }

bool has_address(const Host& host, const Address& address) {
  return std::any_of(host.addresses.begin(), host.addresses.end(), [&](const auto& a) { return a.value == address; });
}

class Interpreter {
 public:
  Interpreter(const Source& text, Site& site, const FieldMap& map)
      : text_(text), site_(site), map_(map), first_(site.statements.size()), records_before_(site.records.size()) {}

  // Takes the records of an envelope as soon as they are complete. What cannot be judged by what stands before it, lists,
  // templates and error responses, is left to run().
  bool take(const std::vector<Node>& open, const Node& n) {
    if (open.size() < 2 || !(open.back().name == "ws_object" || is_record(n))) return false;
    for (const Node& around : open) {
      const std::string& name = around.name;
      if (name == "Template" || name == "SIPTrunk" || declares_list(around) || is_record_type(name)) return false;
    }
    for (std::size_t i = 1; i + 1 < open.size(); ++i)
      if (open[i].name == "ws_object") return false;
    if (n.name == "ws_object" || is_envelope(n.name) || declares_list(n)) return false;
    const Node* data = nullptr;
    for (const Node& around : open) {
      if (is_error_node(around)) return false;
      if (around.name == "data") data = &around;
    }
    if (is_error_node(n)) return false;
    data_ = data ? data->span.begin : no_data;
    record(n);
    return true;
  }

  void run(const Document& document) {
    const Node& root = document.root;
    for (const Note& damage : document.damages) state(damage.span, Understanding::not_understood, damage.message);
    if (const Node* list = find_near_top(root, [](const Node& n) { return declares(n, userlist_ns); }))
      user_list(*list);
    else if (const Node* directory = find_near_top(root, [](const Node& n) { return declares(n, directory_ns); }))
      list_record(*directory, "corporate_dir");
    else if (const Node* trunk = find_near_top(root, is_trunk_template))
      trunk_template(*trunk);
    else
      envelope(root, false);
    add_lists();
    if (!recognised_ && !root.children.empty())
      state(tag(root.children.front()), Understanding::not_understood, "no record of an IP Office is in this file");
    if (recognised_ && !changed_ && errors_ == 0 && site_.records.size() == records_before_ && !root.children.empty())
      site_.inferences.push_back(
          {"this answer holds no record: the system has none of what was asked for, or did not say", tag(root.children.front())});
    if (!has_system_) hosts_of_users();
    if (too_many_paths_)
      state(root.children.empty() ? root.name_span : tag(root.children.front()), Understanding::not_understood,
            "elements nest or differ too much; what is in some of them is not known");
    std::stable_sort(site_.statements.begin() + static_cast<std::ptrdiff_t>(first_), site_.statements.end(),
                     [](const Statement& a, const Statement& b) { return a.span < b.span; });
  }

 private:
  // A field, with the element whose tag a statement about it may show.
  struct Field {
    Setting setting;
    const Node* node;
    const FieldEntry* entry;  // of the map, or null
  };

  void state(SourceSpan span, Understanding understanding, std::string reason) {
    site_.statements.push_back({span, understanding, std::move(reason)});
  }

  // The start tag's first line; its name only where an attribute is secret.
  SourceSpan tag(const Node& node) const {
    SourceSpan span = node.name_span;
    bool secret =
        std::any_of(node.attributes.begin(), node.attributes.end(), [](const Attribute& a) { return names_secret(a.name); });
    std::string_view text = text_.slice(span);
    std::size_t stop = std::min(text.find_first_of(secret || secret_ ? " \t\r\n/>" : "\r\n"), text.size());
    span.end = span.begin + static_cast<std::uint32_t>(stop);
    return span;
  }

  // ---- envelopes

  void envelope(const Node& node, bool typed) {
    for (const Node& n : node.children) {
      bool record_here = typed ? !n.children.empty() || !n.attributes.empty() : is_record(n);
      if (is_error_node(n)) {
        error_node(n);
      } else if (n.name == "ws_object") {
        recognised_ = true;
        envelope(n, true);
      } else if (is_no_record(n.name)) {
        recognised_ = changed_ = true;
        ignore_all(n, "no record: part of an answer to a change, or a remark");
      } else if (is_envelope(n.name)) {
        answer(n);
      } else if (record_here) {
        record(n);
      } else if (n.children.empty()) {
        state(tag(n), Understanding::ignored, "outside any record");
      } else {
        envelope(n, false);
      }
    }
  }

  // A response, or the list of records in one.
  void answer(const Node& n) {
    recognised_ = recognised_ || n.children.empty();
    std::uint32_t around = std::exchange(data_, n.name == "data" ? n.span.begin : data_);
    if (n.name == "data") {
      Data& data = lists_[data_];
      data.node = &n;
      data.whole = n.span;
      data.tag = tag(n);
      if (const Attribute* total = n.attribute("totalRecords")) {
        data.announced = parse_number(total->value);
        if (!data.announced)
          state(data.tag, Understanding::not_understood,
                "totalRecords is '" + quotable(total->value) + "', which is no count of records");
      }
    }
    std::size_t errors = errors_;
    envelope(n, false);
    if (n.name != "data" && has_value(n, "status", "0") && errors == errors_) {
      recognised_ = true;
      add_error({"", "", false, tag(n)});
    }
    data_ = around;
  }

  void add_lists() {
    for (auto& [begin, data] : lists_)
      if (data.node && data.announced)
        site_.lists.push_back({std::move(data.type), data.announced, data.present, data.tag, data.whole});
  }

  void add_error(ExportError error) {
    if (errors_++ >= most_errors) return;
    state(error.span, Understanding::not_understood, error.message());
    site_.export_errors.push_back(std::move(error));
  }

  // A child for each kind of record the request was about, with its errors.
  void error_node(const Node& n) {
    recognised_ = true;
    if (n.name == "SMAError") return errors_of(n);
    for (const Node& kind : n.children) errors_of(kind);
  }

  void errors_of(const Node& kind) {
    bool found = false;
    for (const Node& error : kind.children) {
      if (error.name != "error") continue;
      found = true;
      error_leaf(kind, error);
    }
    if (!found) error_leaf(kind, kind);
  }

  // SMAError has its reason in the code, and the system's address in the place of a text.
  void error_leaf(const Node& kind, const Node& error) {
    auto text = [&](std::string_view name) {
      const Node* leaf = error.child(name);
      return leaf ? leaf->text : std::string();
    };
    bool session = kind.name == "SMAError";
    std::string code = text("error_code"), description = text("error_desc");
    const Node* place = error.child("errorLocation");
    if (session && !place && parse_address(description)) place = error.child("error_desc");
    if (session && place && description == place->text) description.clear();
    std::string reason = session || kind.name == error.name ? "" : quotable(kind.name);
    auto join = [&](const std::string& part, std::string_view between) {
      if (!part.empty()) reason += (reason.empty() ? "" : std::string(between)) + quotable(part);
    };
    join(code, " ");
    join(description, ": ");
    const Node* shown = session && error.child("error_code") ? error.child("error_code") : error.child("error_desc");
    add_error({std::move(reason), place ? quotable(place->text) : "", session && data_ != no_data, tag(shown ? *shown : error)});
    for (const Node& leaf : error.children)
      if (&leaf != shown) ignore_all(leaf, "part of an error response");
  }

  void ignore_all(const Node& n, const char* why) {
    if (n.children.empty() && site_.reading.every_leaf) state(tag(n), Understanding::ignored, why);
    for (const Node& c : n.children) ignore_all(c, why);
  }

  // ---- records

  void record(const Node& n) {
    if (is_no_record(n.name)) {
      recognised_ = changed_ = true;
      return ignore_all(n, "no record: part of an answer to a change, or a remark");
    }
    if (data_ != no_data) {
      Data& data = lists_[data_];
      if (data.type.empty()) data.type = n.name;
      ++data.present;
    }
    fields_.clear();
    repeated_.clear();
    leaves(n, n.name, fields_);
    for (std::size_t again : repeated_) say_repeated(fields_[again]);
    if (n.name == "System") add_system(n, fields_);
    if (n.name == "User") remember_system(fields_);
    add_record(n, n.name, fields_);
  }

  // Which of the two the system took is not known.
  void say_repeated(const Field& again) {
    if (repeats_said_++ < most_errors)
      state(tag(*again.node), Understanding::not_understood,
            again.setting.key.text() + " stands twice in one record with different values; the first counts");
  }

  // Takes the fields' settings.
  void add_record(const Node& n, std::string type, std::vector<Field>& fields) {
    recognised_ = true;
    Record record;
    record.type = std::move(type);
    for (const Attribute& a : n.attributes)
      if (same_letters(a.name, "GUID")) record.id = a.value;
    record.span = tag(n);
    record.fields.reserve(fields.size());
    for (Field& f : fields) record.fields.push_back(std::move(f.setting));
    site_.records.push_back(std::move(record));
  }

  // A step of a path, with what the map knows of it: records of one type are alike, so each path is looked up once.
  struct Step {
    std::string path;
    Setting setting;                    // what all leaves here have in common, once looked up
    const FieldEntry* entry = nullptr;  // of the map
    bool looked_up = false, kept = false;
    bool secret_name = false, value_name = false;
    std::map<std::string, std::unique_ptr<Step>, std::less<>> below;
    Step* next = nullptr;  // the one that was asked for after this one
    std::string name;
    std::size_t visit = 0, count = 0, seen = 0;  // of one visit of the step above: how many alike, how many of them seen
    std::optional<bool> mapped;                  // the map knows a leaf here
    std::size_t place = 0;                       // of the last field of this path among the record's
  };

  // `name` is the element's with what tells it from its like, if anything does: "LAN[LAN1]".
  static void enter(Step& step, std::string path, std::string_view name) {
    step.path = std::move(path);
    step.name = name;
    step.secret_name = names_secret(name);
    step.value_name = names_value(name);
  }

  // `after` is the step asked for before, where there is one: elements mostly come in the same order.
  Step& below(Step& step, std::string_view name, Step* after) {
    if (after && after->next && after->next->name == name) return *after->next;
    auto at = step.below.find(name);
    if (at == step.below.end()) {
      if (&step == &unmapped_ || step.path.size() + 1 + name.size() > max_path || steps_made_ == max_steps) {
        too_many_paths_ = true;
        return unmapped_;
      }
      ++steps_made_;
      auto fresh = std::make_unique<Step>();
      enter(*fresh, step.path.empty() ? std::string(name) : step.path + "/" + std::string(name), name);
      at = step.below.emplace(fresh->name, std::move(fresh)).first;
    }
    if (after) after->next = at->second.get();
    return *at->second;
  }

  void leaves(const Node& node, const std::string& path, std::vector<Field>& out) {
    Step* step = &steps_;
    for (std::size_t at = 0; at <= path.size();) {
      std::size_t slash = std::min(path.find('/', at), path.size());
      step = &below(*step, std::string_view(path).substr(at, slash - at), nullptr);
      at = slash + 1;
    }
    leaves(node, *step, out);
  }

  // Every attribute and every leaf below `node`.
  void leaves(const Node& node, Step& step, std::vector<Field>& out) {
    std::size_t visit = ++visits_, first = found_.size();
    bool alike = false, pair = node.children.size() == 2;
    Step* after = nullptr;
    for (const Node& c : node.children) {
      after = &below(step, c.name, after);
      found_.push_back(after);
      if (after->visit != visit) after->visit = visit, after->count = after->seen = 0;
      alike = ++after->count > 1 || alike;
      pair = pair || (after == &unmapped_ ? names_value(c.name) : after->value_name);
    }
    bool named = &step == &unmapped_ ? names_secret(node.name) : step.secret_name;
    bool secret = std::exchange(secret_, secret_ || named || labelled_secret(node, pair));
    for (const Attribute& a : node.attributes) {
      if (a.name.starts_with("xmlns") || same_letters(a.name, "id")) continue;
      add(below(step, "@" + a.name, nullptr), a.value, a.value_span, node, out);
    }
    if (node.children.empty()) {
      if (step.path.find('/') != step.path.npos || !node.text.empty()) {
        SourceSpan span = node.text_span.begin < node.text_span.end ? node.text_span : node.name_span;
        bool known = add(step, node.text, span, node, out);
        if (site_.reading.every_leaf)
          state(tag(node), known ? Understanding::understood : Understanding::ignored,
                known        ? ""
                : step.entry ? step.entry->ignore
                             : "no setting known for this element");
      }
    } else {
      if (!node.text.empty() && secret_) site_.secrets.push_back(node.text_span);
      if (!node.text.empty() && site_.reading.every_leaf) state(tag(node), Understanding::ignored, "text between elements");
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        const Node& c = node.children[i];
        Step* at = found_[first + i];
        if (alike) ++at->seen;
        if (const Attribute* id = id_of(c)) {
          leaves(c, below(step, c.name + "[" + id->value + "]", nullptr), out);
        } else if (at->count < 2 || !alike || at == &unmapped_ || is_expected_once(c, *at, step)) {
          leaves(c, *at, out);
        } else if (std::string name = c.name + "[" + std::to_string(at->seen) + "]"; at->seen <= most_alike) {
          leaves(c, below(step, name, nullptr), out);
        } else {  // of a long list; not kept
          Step own;
          enter(own, step.path + "/" + name, name);
          leaves(c, own, out);
        }
      }
    }
    found_.resize(first);
    secret_ = secret;
  }

  // The map knows it by its name alone: what stands there again is the same setting each time, not the next one of a list.
  bool is_expected_once(const Node& node, Step& step, Step& above) {
    return is_mapped(node, step) && !is_mapped(node, below(above, node.name + "[1]", nullptr));
  }

  // Some leaf has a key; of elements of one path the first is asked, for they are alike.
  bool is_mapped(const Node& node, Step& step) {
    if (step.mapped || &step == &unmapped_) return step.mapped.value_or(false);
    if (node.children.empty() && !std::exchange(step.looked_up, true)) look_up(step);
    step.mapped = step.looked_up && !step.setting.key.empty();
    for (const Node& c : node.children)
      if (const Attribute* id = id_of(c); is_mapped(c, below(step, id ? c.name + "[" + id->value + "]" : c.name, nullptr)))
        step.mapped = true;
    return *step.mapped;
  }

  static const Attribute* id_of(const Node& node) {
    for (const Attribute& a : node.attributes)
      if (same_letters(a.name, "id")) return &a;
    return nullptr;
  }

  // <Field name="LoginCode">, <Field><Name>LoginCode</Name><Value>...: the secret's name is a value itself. `pair`: two children, or one
  // that is called a value.
  static bool labelled_secret(const Node& node, bool pair) {
    constexpr std::string_view labels[] = {"name", "key", "id", "field", "label"};
    auto label = [&](std::string_view name) {
      return std::any_of(std::begin(labels), std::end(labels), [&](std::string_view l) { return same_letters(name, l); });
    };
    for (const Attribute& a : node.attributes)
      if (label(a.name) && names_secret(a.value)) return true;
    return pair && std::any_of(node.children.begin(), node.children.end(),
                               [&](const Node& c) { return label(c.name) && names_secret(c.text); });
  }

  void look_up(Step& step) {
    FieldMap::Match match = map_.find(step.path);
    step.kept = !match.key.empty() || site_.reading.every_leaf;
    if (step.kept) step.setting.path = step.path, step.setting.key = match.key;
    step.entry = match.entry;
    step.setting.evidence = match.evidence;
    step.setting.secret = match.secret || names_secret(step.path);
  }

  // True where the map knows the path.
  bool add(Step& step, const std::string& value, SourceSpan span, const Node& node, std::vector<Field>& out) {
    if (!std::exchange(step.looked_up, true)) look_up(step);
    bool secret = step.setting.secret || secret_;
    if (step.kept) {
      bool again = !step.setting.key.empty() && step.place < out.size() && out[step.place].setting.path == step.setting.path;
      if (again && out[step.place].setting.value.value != value) repeated_.push_back(out.size());
      if (!again) step.place = out.size();
      Setting& setting = out.emplace_back(Field{step.setting, &node, step.entry}).setting;
      setting.value = {value, span};
      setting.bare_number = node.kind == Node::Kind::integer;
      setting.secret = secret;
    } else if (secret) {
      site_.secrets.push_back(span);
    }
    return !step.setting.key.empty();
  }

  // ---- hosts

  static const Field* field(const std::vector<Field>& fields, std::string_view key) {
    for (const Field& f : fields)
      if (f.setting.key == key) return &f;
    return nullptr;
  }

  void add_system(const Node& n, const std::vector<Field>& fields) {
    has_system_ = true;
    Host host;
    host.span = tag(n);
    host.products = {"ip-office"};
    for (const Attribute& a : n.attributes)
      if (same_letters(a.name, "GUID")) host.id = a.value;
    for (std::string_view key : {"system.name", "system.display_name", "system.system_name"})
      if (const Field* f = field(fields, key); f && host.name.empty()) host.name = f->setting.value.value;
    std::array<bool, 2> unused = {is_unused(fields, "lan1."), is_unused(fields, "lan2.")};
    std::unordered_map<std::string_view, const Field*> first;
    for (const Field& f : fields) {
      Setting s = f.setting;
      if (s.key.empty()) continue;
      if (std::string_view key = s.key.text(); (unused[0] && key.starts_with("lan1.")) || (unused[1] && key.starts_with("lan2.")))
        continue;
      if (std::optional<std::string> meaning = f.entry ? meaning_of(*f.entry, s.value.value) : s.value.value)
        s.value.value = std::move(*meaning);
      else
        continue;
      auto [known, fresh] = first.emplace(s.key.text(), &f);
      if (fresh)
        host.settings.push_back(s);
      else if (known->second->setting.value.value != s.value.value && known->second->setting.path != s.path)
        state(tag(*f.node), Understanding::bounded, s.key.text() + " is given twice; the first value counts");
    }
    for (std::string_view key : {"lan1.address", "lan2.address"})
      if (const Field* f = field(fields, key)) add_address(host, f->setting.value);  // else invalid-setting tells
    if (const Field* f = field(fields, "system.platform"))
      for (std::string_view p : platforms)
        if (same_letters(p, f->setting.value.value)) host.platform = p;
    host.release = release_of(fields);
    // What only users or lists told of this system before is now known better.
    std::erase_if(site_.hosts, [&](const Host& known) {
      return known.settings.empty() && known.addresses.size() == 1 && has_address(host, known.addresses[0].value);
    });
    for (Host& known : site_.hosts)
      if (is_same_system(known, host)) return merge_systems(known, host);
    site_.hosts.push_back(std::move(host));
  }

  // A LAN without an address is not in use; whatever else stands there are values nobody has entered.
  static bool is_unused(const std::vector<Field>& fields, const std::string& lan) {
    const Field* f = field(fields, lan + "address");
    std::optional<Address> address = f ? parse_address(f->setting.value.value) : std::nullopt;
    return address && address->value == 0;
  }

  // Two exports of one system: the same GUID, or without one the same name and an address in common. Within one file it is a
  // mistake, which duplicate-record reports.
  static bool is_same_system(const Host& a, const Host& b) {
    if (a.settings.empty() || a.span.source == b.span.source) return false;
    if (!a.id.empty() && !b.id.empty()) return SameGuid()(a.id, b.id) && a.id.find_first_not_of("0-{}") != a.id.npos;
    return a.name == b.name &&
           std::any_of(b.addresses.begin(), b.addresses.end(), [&](const auto& address) { return has_address(a, address.value); });
  }

  // What was read first holds; what differs is kept as a contradiction.
  static void merge_systems(Host& known, const Host& host) {
    for (const Setting& s : host.settings) known.add(s);
    for (const Located<Address>& address : host.addresses)
      if (!has_address(known, address.value)) known.addresses.push_back(address);
    if (!known.release) known.release = host.release;
    if (known.platform.empty()) known.platform = host.platform;
  }

  // False where the text is no address.
  static bool add_address(Host& host, const Located<std::string>& text) {
    std::optional<Address> address = parse_address(text.value);
    if (address && address->value != 0) host.addresses.push_back({*address, text.span});
    return address || text.value.empty();
  }

  std::optional<Located<Release>> release_of(const std::vector<Field>& fields) {
    Located<Release> release;
    for (std::string_view key : {"system.release.major", "system.release.minor", "system.release.maintenance",
                                 "system.release.special", "system.release.feature_pack"}) {
      const Field* f = field(fields, key);
      if (!f || f->setting.value.value.empty()) break;
      std::optional<std::uint32_t> part = parse_number(f->setting.value.value);
      if (!part) {
        state(tag(*f->node), Understanding::not_understood, "this part of the release is no number");
        break;
      }
      if (release.value.parts.empty()) release.span = f->setting.value.span;
      release.value.parts.push_back(*part);
    }
    if (release.value.parts.empty()) return {};
    return release;
  }

  void remember_system(const std::vector<Field>& fields) {
    const Field* address = field(fields, "user.pbx_address");
    if (!address || address->setting.value.value.empty()) return;
    const Field* name = field(fields, "user.system_name");
    std::string text = name ? name->setting.value.value : std::string();
    auto [known, fresh] = systems_of_users_.try_emplace(address->setting.value.value);
    if (fresh) known->second = {address->setting.value, tag(*address->node), {}};
    if (known->second.name.empty()) known->second.name = std::move(text);
    if (fresh) order_.push_back(address->setting.value.value);
  }

  void hosts_of_users() {
    for (const std::string& key : order_) {
      const SystemOfUsers& system = systems_of_users_.at(key);
      Host host;
      host.name = system.name;
      if (!add_address(host, system.address)) state(system.tag, Understanding::not_understood, "this is no IP address");
      host.span = system.tag;
      add_known_system(site_, std::move(host));
    }
  }

  // ---- lists and templates

  void user_list(const Node& n) {
    std::vector<Field> fields;
    for (const Node& c : n.children) {
      if (c.name != "list") {
        leaves(c, "userlist/" + c.name, fields);
        continue;
      }
      for (const Node& user : c.children) {
        if (user.children.empty())
          state(tag(user), Understanding::ignored, "outside any record");
        else
          record(user);
      }
    }
    host_of_data_source(fields);
    add_record(n, "userlist", fields);
  }

  void list_record(const Node& n, const std::string& type) {
    std::vector<Field> fields;
    leaves(n, type, fields);
    host_of_data_source(fields);
    add_record(n, type, fields);
  }

  // "IPOFFICE/7.0(27) 192.168.42.1"
  void host_of_data_source(const std::vector<Field>& fields) {
    const Field* f = field(fields, "system.data_source");
    if (!f) return;
    const std::string& text = f->setting.value.value;
    constexpr std::string_view product = "IPOFFICE/";
    std::size_t stop = text.find_first_not_of("0123456789.", product.size()), blank = text.rfind(' ');
    Host host;
    SourceSpan span = f->setting.value.span;
    auto part = [&](std::size_t begin, std::size_t end) {  // exact unless the text holds references
      if (span.end - span.begin != text.size()) return span;
      return SourceSpan{span.source, span.begin + static_cast<std::uint32_t>(begin), span.begin + static_cast<std::uint32_t>(end)};
    };
    if (same_letters(std::string_view(text).substr(0, product.size()), product) && stop != text.npos && blank != text.npos) {
      Located<Release> release{leading_release(std::string_view(text).substr(product.size(), stop - product.size())),
                               part(product.size(), stop)};
      if (!release.value.parts.empty()) host.release = release;
      if (auto address = parse_address(std::string_view(text).substr(blank + 1)); address && address->value != 0)
        host.addresses.push_back({*address, part(blank + 1, text.size())});
    }
    if (!host.release || host.addresses.empty())
      state(tag(*f->node), Understanding::not_understood, "release and address cannot be read here");
    host.span = tag(*f->node);
    add_known_system(site_, std::move(host));
  }

  // The fields stand in the template or in an element SIPTrunk of it.
  void trunk_template(const Node& n) {
    std::vector<Field> fields;
    for (const Node& c : n.children) leaves(c, c.name == "SIPTrunk" ? c.name : "SIPTrunk/" + c.name, fields);
    add_record(n, "SIPTrunk", fields);
  }

  const Source& text_;
  Site& site_;
  const FieldMap& map_;
  std::size_t first_;  // of the statements that are ours
  std::size_t records_before_;
  bool changed_ = false;  // it answers to a change
  Step steps_;            // the start of every path
  Step unmapped_ = [] {
    Step step;
    step.path = "(path too long, or too many different ones)";
    step.looked_up = true;
    return step;
  }();
  std::size_t steps_made_ = 0;
  bool too_many_paths_ = false;
  std::size_t visits_ = 0;
  struct SystemOfUsers {
    Located<std::string> address;
    SourceSpan tag;
    std::string name;
  };
  std::unordered_map<std::string, SystemOfUsers> systems_of_users_;
  std::vector<std::string> order_;
  std::vector<Field> fields_;          // of the record being read
  std::vector<Step*> found_;           // of the children of each element being walked
  std::vector<std::size_t> repeated_;  // of those fields with another value than one of their path before
  // A `data` element, by where it begins: records of it may be taken before it is complete.
  struct Data {
    const Node* node = nullptr;
    std::string type;
    std::optional<std::uint32_t> announced;
    std::size_t present = 0;
    SourceSpan tag, whole;
  };
  static constexpr std::uint32_t no_data = ~0u;
  std::map<std::uint32_t, Data> lists_;
  std::uint32_t data_ = no_data;  // the one that is being read
  std::size_t errors_ = 0, repeats_said_ = 0;
  bool recognised_ = false, has_system_ = false;
  bool secret_ = false;  // within an element whose values are all secret
};

}  // namespace

int recognises_ipoffice(const Source& source) {
  constexpr std::size_t head = 16384;
  std::string_view text = std::string_view(source.text()).substr(0, head);
  if (text.find("<ws_object") != text.npos) return 95;
  if (std::size_t first = text.find_first_not_of(" \t\r\n"); first == text.npos || text[first] != '<') return 0;
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80)) text.remove_suffix(1);  // no half character
  Sources sources{Source("", std::string(text), "UTF-8")};
  Node root = read_xml(sources, 0).root;
  auto any = [&](auto wanted) { return find_near_top(root, wanted) != nullptr; };
  if (any(declares_list)) return 100;
  if (any(is_trunk_template) || any([](const Node& n) { return n.name == "SMAError"; })) return 80;
  const Node* data = find_near_top(root, [](const Node& n) { return n.name == "data"; });
  for (const char* name : {"response", "combinedresponse"})
    if (const Node* response = root.child(name); response && response->attribute("status") && data) return 80;
  // A bare record says little by its name, much by its GUID or by fields the map knows.
  bool familiar = false;
  const Node* record = find_near_top(root, [&](const Node& n) {
    if (!is_record(n)) return false;
    familiar = true;
    if (n.attribute("GUID")) return true;
    return std::count_if(n.children.begin(), n.children.end(),
                         [&](const Node& c) {
                           return c.children.empty() && !FieldMap::builtin().find(n.name + "/" + c.name).key.empty();
                         }) >= 2 ||
           n.child("LANS");
  });
  if (record) return record->attribute("GUID") ? 75 : 65;
  return familiar ? 5 : 0;
}

void interpret_ipoffice(const Sources& sources, std::uint32_t source, Site& site, const FieldMap& map) {
  Interpreter interpreter(sources[source], site, map);
  interpreter.run(read_xml(sources, source,
                           [&](const std::vector<Node>& open, const Node& element) { return interpreter.take(open, element); }));
}

void interpret_records(const Sources& sources, std::uint32_t source, const Document& document, Site& site, const FieldMap& map) {
  Interpreter(sources[source], site, map).run(document);
}

void add_known_system(Site& site, Host host) {
  if (host.addresses.empty()) return;
  host.products = {"ip-office"};
  for (Host& known : site.hosts) {
    if (!has_address(known, host.addresses[0].value)) continue;
    if (known.name.empty()) known.name = host.name;
    if (!known.release) known.release = host.release;
    return;
  }
  site.hosts.push_back(std::move(host));
}

Release leading_release(std::string_view text) {
  Release out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t dot = std::min(text.find('.', at), text.size());
    std::optional<std::uint32_t> part = parse_number(text.substr(at, dot - at));
    if (!part) break;
    out.parts.push_back(*part);
    at = dot + 1;
  }
  return out;
}

bool is_record_type(std::string_view name) {
  return std::find(std::begin(record_types), std::end(record_types), name) != std::end(record_types);
}

void interpret_ipoffice(const Sources& sources, std::uint32_t source, Site& site) {
  interpret_ipoffice(sources, source, site, site.reading.fields ? *site.reading.fields : FieldMap::builtin());
}

}  // namespace ipo
