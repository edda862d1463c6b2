// ipo-lint.toml: what a person says about the site, every value with its place. Nothing is concluded here.
//
// Keys and values are those of the reference page (`[zones]`, `[[host]]`, `[[firewall]]`, `[calls]`, `[[peer]]`,
// `[settings]`, `[[field]]`, `[checks]`, `[[ignore]]`, `[pbx]`, `release`, `extends`); fixtures/site-file/complete.toml shows them all.
// A file is read alone; `merge` lays a nearer one over the one it extends, and what only the whole can contradict is found
// by `check_site_file`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/ipoffice/field_map.h"
#include "parsers/model/model.h"

namespace ipo {

constexpr std::size_t max_site_errors = 50;  // of one file, and of one check_site_file; one more says that there are more
constexpr std::size_t max_site_glob = 1000;  // bytes

// The dumps of one machine that filters, and where it stands: declared firewalls with roles are passed in the order
// perimeter, transit (in the order written), host.
struct DeclaredFirewall {
  std::string name;                         // for messages; folder and first file where none is given
  std::vector<Located<std::string>> files;  // relative to the folder of the file that declares them; `*` and `?` match within a
                                            // name, `**` any folders; never empty
  std::optional<Located<Role>> role;
  std::vector<Located<std::string>> hosts;  // `host`: names of the hosts a host filter runs on; empty = the PBX
  std::string folder;                       // of the declaring file, as a path prefix: "" or "site/"
  SourceSpan span;                          // its header, "[[firewall]]"
};

// [checks] tftp-exposed = "off".
struct CheckLevel {
  std::string check;
  std::optional<Level> level;  // absent = off
  SourceSpan span;             // the key
};

// [[ignore]]: findings of a check in files that match are not reported.
struct Ignore {
  Located<std::string> check;
  std::optional<Located<std::string>> path;   // glob, relative to `folder`; without a slash it is a file's name anywhere;
                                              // absent = every file
  Located<std::string> reason;                // never empty
  std::optional<Located<std::string>> until;  // "2027-03-31"; the last day it holds
  std::string folder;
  SourceSpan span;
};

struct SiteFile {
  std::optional<Located<std::string>> extends;  // path relative to this file's folder
  std::optional<Located<std::string>> release;
  std::vector<Host> hosts;  // settings empty; `[pbx]` is a host without a name and with product ip-office; all others have one
  std::vector<DeclaredFirewall> firewalls;
  std::vector<Zone> zones;  // in file order; one that claims nothing in particular has kind "internet"
  std::vector<Trunk> trunks;
  std::optional<Located<std::string>> remote_workers;
  std::vector<Peer> peers;
  std::vector<Setting> settings;   // path and key are the canonical key, evidence ours; text of true, 9, "x": true, 9, x
  std::vector<FieldEntry> fields;  // [[field]]: elements of exports that are settings; before those built in
  std::vector<CheckLevel> checks;
  std::vector<Ignore> ignores;
};

// What is wrong in a site file, and where; `related` is the other place it contradicts.
struct SiteError {
  std::string message;  // names the fact and the way out
  SourceSpan span;
  std::optional<Note> related;
};

// `folder` of every path in it is that of the source's path. Total: what is wrong becomes an error, and everything else is
// returned. The errors come in the order of their places, at most max_site_errors of them and one that says so. A value's
// place is the value with its quotes, a table's its header or key.
SiteFile read_site_file(const Sources& sources, std::uint32_t source, std::vector<SiteError>& errors);

// "9.1" to "11.1.3.0.0": what `release` may be.
bool is_release(std::string_view text);

// `nearer` laid over `base`, the file it extends: single values, zones, hosts, firewalls and peers of the same name,
// settings and check levels of the nearer file replace; everything else is added, the base first.
SiteFile merge(SiteFile base, SiteFile nearer);

// Contradictions within the merged file: zones that claim the same packets without one being more specific
// (interface and source > source > interface), one address of two hosts, one file of two firewalls, names of zones and
// hosts that do not exist ("internet" always does).
void check_site_file(const SiteFile& file, std::vector<SiteError>& errors);

// Whether a path matches a glob of a site file: `*` and `?` within one name, `**` across folders ("a/**/b" is also a/b);
// a glob without a slash is compared with the last name only. Both with '/', without "./".
// Takes time in proportion to the product of their lengths.
bool path_matches(std::string_view glob, std::string_view path);

// `path` as seen from `folder`, without ".", ".." that can be taken back, and doubled slashes; nothing is looked up.
std::string normal_path(std::string_view folder, std::string_view path);

// Whether the input is one of the firewall's dumps; whether it is a file the ignore speaks of. `path` is as the user gave
// it; it and a relative `folder` start at `working_folder`, so that the two may be named differently ("../site/", "/srv/site/").
bool applies_to(const DeclaredFirewall& firewall, std::string_view path, std::string_view working_folder);
bool applies_to(const Ignore& ignore, std::string_view path, std::string_view working_folder);

}  // namespace ipo
