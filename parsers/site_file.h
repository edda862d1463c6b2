// ipo-lint.toml: what a person says about the site, every value with its place. Nothing is concluded here.
//
// Keys and values are those of the reference page (`[zones]`, `[[host]]`, `[[firewall]]`, `[calls]`, `[[peer]]`,
// `[settings]`, `[checks]`, `[[ignore]]`, `[pbx]`, `release`, `extends`). A file is read alone; `merge` lays a nearer one
// over the one it extends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model.h"

namespace ipo {

// The dumps of one machine that filters, and where it stands: declared firewalls with roles are passed in the order
// perimeter, transit (in the order written), host.
struct DeclaredFirewall {
  std::string name;                         // for messages; its first file where none is given
  std::vector<Located<std::string>> files;  // relative to the folder of the file that declares them; `*` and `?` match within a
                                            // name, `**` any folders
  std::optional<Located<Role>> role;
  std::vector<Located<std::string>> hosts;  // `host`: names of the hosts a host filter runs on; empty = all
  std::string folder;                       // of the declaring file, as a path prefix: "" or "site/"
  SourceSpan span;                          // its header
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
  std::optional<Located<std::string>> path;  // glob, relative to `folder`; without a slash it is a file's name anywhere;
                                             // absent = every file
  Located<std::string> reason;               // never empty
  std::optional<Located<std::string>> until; // "2027-03-31"; the last day it holds
  std::string folder;
  SourceSpan span;
};

struct SiteFile {
  std::optional<Located<std::string>> extends;  // path relative to this file's folder
  std::optional<Located<std::string>> release;
  std::vector<Host> hosts;                      // settings empty; `[pbx]` is a host without a name and with product ip-office
  std::vector<DeclaredFirewall> firewalls;
  std::vector<Zone> zones;
  std::vector<Trunk> trunks;
  std::optional<Located<std::string>> remote_workers;
  std::vector<Peer> peers;
  std::vector<Setting> settings;                // path and key are the canonical key, evidence ours
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
// returned.
SiteFile read_site_file(const Sources& sources, std::uint32_t source, std::vector<SiteError>& errors);

// `nearer` laid over `base`, the file it extends: single values, zones, hosts, firewalls and peers of the same name,
// settings and check levels of the nearer file replace; everything else is added, the base first.
SiteFile merge(SiteFile base, SiteFile nearer);

// Contradictions within the merged file: zones that claim the same packets without one being more specific
// (interface and source > source > interface), names of zones and hosts that do not exist.
void check_site_file(const SiteFile& file, std::vector<SiteError>& errors);

// Whether a path matches a glob of a site file: `*` and `?` within one name, `**` across folders; a glob without a slash
// is compared with the last name only. Both with '/', without "./".
bool path_matches(std::string_view glob, std::string_view path);

}  // namespace ipo
