// What the checks of the PBX's configuration share: every one is there, none names whose code is weak where the report leaves
// its reader's hands, and what they know of releases is data that fits together.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "parsers/ipoffice/settings.h"
#include "rules/exposure/media.h"
#include "rules/findings/check.h"
#include "rules/findings/guessable.h"
#include "rules/findings/users.h"
#include "rules/matrix/known_secrets.h"
#include "rules/matrix/vulnerabilities.h"
#include "tests/cases.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace {

Host host_of(std::string platform, std::vector<std::pair<std::string, std::string>> settings = {}) {
  Host host;
  host.platform = std::move(platform);
  for (auto& [key, value] : settings) {
    Setting s;
    s.key = key;
    s.value.value = value;
    host.settings.push_back(s);
  }
  return host;
}

std::string defaults(const char* key, const char* release, const char* platform) {
  std::string out;
  for (const SettingDefault* d : defaults_of(*find_setting(key), parse_release(release), platform)) out += d->value + ' ';
  return out;
}

std::string user(int n, const std::string& fields) {
  return "<User GUID=\"5a1f0000-0000-4000-8000-0000000002" + std::to_string(10 + n) + "\"><Name>user-" + std::to_string(n) +
         "</Name><Extension>2" + std::to_string(10 + n) + "</Extension>" + fields + "</User>\n";
}

std::string export_of(const std::string& records) {
  return "<response status=\"1\"><data><ws_object>\n" + records + "</ws_object></data></response>\n";
}

}  // namespace

TEST_CASE("laws: every check of the PBX's configuration that the catalogue names is there, with its page") {
  for (const char* id : {"debug-port-enabled",
                         "tftp-enabled",
                         "snmp-default-community",
                         "snmp-port-out-of-range",
                         "unsecured-service-level",
                         "http-clients-unrestricted",
                         "file-writer-open",
                         "devlink-or-tapi-enabled",
                         "base-port-collision",
                         "rtp-range-invalid",
                         "rtp-overlaps-services",
                         "sip-port-out-of-range",
                         "auto-create-enabled",
                         "remote-extension-enabled-unused",
                         "registrar-on-unused-lan",
                         "media-security-off",
                         "public-lan-address",
                         "lan-overlap",
                         "factory-address",
                         "nat-binding-refresh-off",
                         "public-address-unset",
                         "firewall-profile-open",
                         "default-password",
                         "shared-login-code",
                         "short-login-code",
                         "off-switch-forwarding",
                         "unrestricted-mobile-twinning",
                         "orphan-user",
                         "orphan-extension",
                         "duplicate-extension",
                         "vulnerable-release",
                         "release-without-matrix",
                         "phone-settings-insecure"}) {
    INFO(id);
    const Check* check = find_check(id);
    REQUIRE(check);
    CHECK(page_of(*check).size() > 500);
    CHECK_THAT(std::string(page_of(*check)), Contains("Who loses what"));
    CHECK(check->when_asked == (std::string_view(id) == "factory-address"));
  }
}

TEST_CASE("laws: a setting's range has at most one check, and the setting exists and has a range") {
  std::set<std::string_view> owned;
  for (const Check& check : checks())
    for (std::string_view key : check.settings) {
      INFO(check.id << " " << key);
      REQUIRE(find_setting(key));
      CHECK(find_setting(key)->range);
      CHECK(owned.insert(key).second);
    }
  CHECK(owned.size() == 12);
}

TEST_CASE("defaults and ranges are those of the release and the platform") {
  CHECK(defaults("lan1.rtp.min", "9.1", "ip500v2") == "46750 ");
  CHECK(defaults("lan1.rtp.min", "9.1.4", "server-edition") == "40750 ");
  CHECK(defaults("lan2.rtp.min", "9.1", "") == "40750 46750 ");
  CHECK(defaults("lan2.rtp.min", "9.1", "windows") == "40750 46750 ");
  CHECK(defaults("lan1.rtp.max", "9.0.3", "ip500v2") == "54000 ");
  CHECK(defaults("lan1.rtp.max", "9.0.5", "ip500v2") == "54000 ");
  CHECK(defaults("lan1.rtp.max", "9.0.1", "ip500v2").empty());
  CHECK(defaults("lan1.rtp.max", "8.1", "") == "53246 ");
  CHECK(defaults("lan1.rtp.max", "11.1", "ip500v2").empty());
  CHECK(defaults("tftp.server", "12.3", "ip500v2") == "true ");
  CHECK(defaults("tftp.server", "9.1", "ip500v2").empty());
  CHECK(defaults("services.base_port", "9.1", "") == "50804 ");

  const KnownSetting& base = *find_setting("services.base_port");
  CHECK(format_ports(*range_of(base, parse_release("9.1.2"))) == "49152-65280");
  CHECK(format_ports(*range_of(base, parse_release("12.3"))) == "49152-65526");
  CHECK(range_of(*find_setting("system.name"), parse_release("9.1")) == nullptr);
  CHECK(find_setting("lan2.rtp.max")->span_from == "lan2.rtp.min");
  CHECK(find_setting("lan2.rtp.max")->span_least == 254);

  for (const KnownSetting& s : known_settings()) {
    INFO(s.key);
    for (const NarrowerRange& r : s.ranges) {
      REQUIRE(s.range);
      CHECK(s.range->covers(r.range));
      CHECK_FALSE(r.source.empty());
    }
    CHECK((s.span_from.empty() || find_setting(s.span_from)));
    for (const SettingDefault& d : s.defaults) CHECK_THAT(where(d), !Catch::Matchers::StartsWith(","));
  }
  CHECK(where(find_setting("lan1.rtp.max")->defaults[1]) == "9.0.3 and later 9.0");
}

TEST_CASE("the media range is the configured one, else what the release's platform has, else what all have") {
  auto text = [](const MediaRange& range) { return format_ports(range.needed) + " / " + format_ports(range.perhaps); };
  Host v2 = host_of("ip500v2"), linux_host = host_of("virtual"), unknown = host_of("");
  Host configured = host_of("ip500v2", {{"lan1.rtp.min", "20000"}, {"lan1.rtp.max", "21000"}});
  CHECK(text(media_range(&v2, parse_release("9.1"))) == "46750-50750 / ");
  CHECK(text(media_range(&linux_host, parse_release("9.1"))) == "40750-50750 / ");
  CHECK(text(media_range(&unknown, parse_release("9.1"))) == "46750-50750 / 40750-46749");
  CHECK(text(media_range(nullptr, parse_release("9.1"))) == "46750-50750 / 40750-46749");
  CHECK(text(media_range(&v2, parse_release("9.0.3"))) == "47000-54000 / ");
  CHECK(text(media_range(nullptr, parse_release("8.1"))) == "49152-53246 / ");
  CHECK(text(media_range(nullptr, parse_release("9.0"))) == " / ");
  CHECK(text(media_range(&configured, parse_release("9.0"))) == "20000-21000 / ");
}

TEST_CASE("a release is affected, is not, or is too incomplete to tell") {
  AffectedReleases before{"", "", "11.1.3.1", "11.1.3.1"}, through{"10.0", "10.1.0.7", "", ""}, line{"9", "9", "", ""};
  auto have = [](const AffectedReleases& a, const char* release) {
    auto c = a.have(parse_release(release));
    return !c ? "no" : *c == Certainty::proven ? "yes" : "perhaps";
  };
  CHECK(have(before, "11.1.3.0.0") == std::string("yes"));
  CHECK(have(before, "11.1.3.0") == std::string("yes"));
  CHECK(have(before, "11.1.3.1.0") == std::string("no"));
  CHECK(have(before, "11.1.3") == std::string("perhaps"));
  CHECK(have(before, "11.1") == std::string("perhaps"));
  CHECK(have(before, "11.0") == std::string("yes"));
  CHECK(have(before, "7.0") == std::string("yes"));
  CHECK(have(before, "12.0") == std::string("no"));
  CHECK(have(through, "10.1.0.7") == std::string("yes"));
  CHECK(have(through, "10.1.0.7.3") == std::string("yes"));
  CHECK(have(through, "10.1.0.8") == std::string("no"));
  CHECK(have(through, "10.0") == std::string("yes"));
  CHECK(have(through, "10") == std::string("perhaps"));
  CHECK(have(through, "10.1") == std::string("perhaps"));
  CHECK(have(through, "9.1") == std::string("no"));
  CHECK(have(line, "9.1.12.0") == std::string("yes"));
  CHECK(have(line, "10.0") == std::string("no"));

  auto known = [](const char* id, const char* release) {
    for (const Vulnerability& v : vulnerabilities()) {
      const AffectedReleases* in = nullptr;
      if (v.id != id) continue;
      auto c = v.have(parse_release(release), "", in);
      return std::string(!c ? "no" : *c == Certainty::proven ? "yes" : "perhaps");
    }
    return std::string("unknown");
  };
  CHECK(known("CVE-2018-15610", "9.1.12.0") == "yes");
  CHECK(known("CVE-2018-15610", "9.1.13.0") == "no");
  CHECK(known("CVE-2018-15610", "9.0.3.0") == "no");
  CHECK(known("CVE-2018-15610", "10.0.0.7") == "yes");
  CHECK(known("CVE-2018-15610", "10.1.0.3") == "no");
  CHECK(known("CVE-2018-15614", "10.1.0.3") == "yes");
  CHECK(known("CVE-2018-15614", "10.1.0.4") == "no");
  CHECK(known("CVE-2018-15614", "11.0.0.1") == "no");
  CHECK(known("CVE-2017-11309", "9.1.12.0") == "perhaps");
  CHECK(known("CVE-2017-11309", "10.1.0.1") == "no");
  CHECK(known("CVE-2012-3811", "8.0") == "perhaps");
  CHECK(known("CVE-2012-3811", "8.1") == "no");

  double worst = 10;
  for (const Vulnerability& v : vulnerabilities()) {
    INFO(v.id);
    CHECK_THAT(v.id, Catch::Matchers::Matches("CVE-[0-9]{4}-[0-9]{4,}"));
    CHECK_FALSE(v.source.empty());
    CHECK(std::set<std::string>{"ip-office", "one-x-portal", "ccr", "application-server", "administration", "softconsole"}.contains(
        v.product));
    if (!v.score.empty()) {
      CHECK(std::stod(v.score) <= worst);
      worst = std::stod(v.score);
    }
    for (const AffectedReleases& a : v.affected) {
      CHECK(a.through.empty() != a.before.empty());
      CHECK_FALSE(a.fixed.empty());
      CHECK(a.have(parse_release(!a.through.empty() ? a.through : a.from.empty() ? "1.0.0.0" : a.from)));
      if (!a.before.empty()) CHECK_FALSE(a.have(parse_release(a.before)));
    }
  }
}

TEST_CASE("what is guessed first") {
  for (const char* code : {"0000", "1111", "7", "1234", "4321", "890123", "2109", "201"}) CHECK(is_guessable(code, "201"));
  for (const char* code : {"", "****", "1224", "20", "2012", "abcd", "739205"}) CHECK_FALSE(is_guessable(code, "201"));
  CHECK(is_known_secret("snmp-community", "public"));
  CHECK_FALSE(is_known_secret("login-code", "public"));
  CHECK_FALSE(is_known_secret("", ""));
}

TEST_CASE("who has a weak code is told in the text report and nowhere else, and no code is told anywhere") {
  std::string records;
  for (int n = 0; n < 40; ++n) records += user(n, "<LoginCode>0000</LoginCode>");
  records += user(50, "<LoginCode>470811</LoginCode>") + user(51, "<LoginCode>470811</LoginCode>");
  records +=
      "<System "
      "GUID=\"5a1f0000-0000-4000-8000-000000000001\"><Name>office</Name><Telephony><MinimumCodeLength>7</MinimumCodeLength></"
      "Telephony></System>\n";
  Folder folder;
  std::string file = "'" + folder.put("config.xml", export_of(records)) + "'";
  std::string only = " --only default-password,shared-login-code,short-login-code " + file;
  std::string text = run_program(only).out;
  CHECK_THAT(text, Contains("40 users have a login code that is guessed first") && Contains("210 user-0, 211 user-1") &&
                       Contains("and 10 more"));
  CHECK_THAT(text, Contains("2 users share one login code") && Contains("= who: 260 user-50, 261 user-51"));
  CHECK_THAT(text, Contains("42 users have a login code shorter than the 7 digits"));
  CHECK(text.find("0000<") == std::string::npos);
  CHECK(text.find("470811") == std::string::npos);
  for (const char* format : {"json", "sarif"}) {
    std::string out = run_program("--format " + std::string(format) + only).out;
    CAPTURE(format);
    CHECK_THAT(out, Contains("40 users have a login code that is guessed first"));
    CHECK(out.find("user-1") == std::string::npos);
    CHECK(out.find("470811") == std::string::npos);
    CHECK(out.find("0000<") == std::string::npos);
  }
}

TEST_CASE("a check for those who ask runs for those only") {
  Folder folder;
  std::string file =
      "'" +
      folder.put("config.xml",
                 export_of("<System GUID=\"5a1f0000-0000-4000-8000-000000000001\"><Name>office</Name><LANS><LAN id=\"LAN1\">"
                           "<IPAddress>192.168.42.1</IPAddress></LAN></LANS></System>\n")) +
      "'";
  CHECK(run_program(file).out.find("factory-address") == std::string::npos);
  CHECK_THAT(run_program("--only factory-address " + file).out, Contains("note[factory-address]"));
  std::string config = " --config '" + folder.put("ipo-lint.toml", "[checks]\nfactory-address = \"warning\"\n") + "'";
  CHECK_THAT(run_program(file + config).out, Contains("warning[factory-address]"));
  CHECK(run_program("--skip factory-address " + file + config).out.find("factory-address") == std::string::npos);
}

TEST_CASE("users are one where nothing says that they are two") {
  auto record = [](const std::string& guid, const std::string& name, const std::string& extension, const std::string& fields = "") {
    return "<User GUID=\"" + guid + "\"><Name>" + name + "</Name><Extension>" + extension + "</Extension>" + fields + "</User>\n";
  };
  const std::string nil = "00000000-0000-0000-0000-000000000000", one = "5a1f0000-0000-4000-8000-000000000301",
                    two = "5a1f0000-0000-4000-8000-000000000302";
  auto joined = [](std::vector<std::string> records) {
    std::vector<Input> files;
    for (const std::string& r : records) files.push_back({std::to_string(files.size()) + ".xml", export_of(r)});
    Reading reading = read_site({"", files, {}}, "", "", {});
    std::string out;
    for (const User& user : users_of(reading.site)) out += (out.empty() ? "" : " ") + std::to_string(user.records.size());
    return out;
  };
  // One GUID, whatever the name is now; one name and number, where a GUID is missing; not where both have one.
  CHECK(joined({record(one, "kim", "231"), record(one, "kim.b", "232")}) == "2");
  CHECK(joined({record(nil, "kim", "231"), record(nil, "kim", "231")}) == "2");
  CHECK(joined({record(nil, "kim", "231"), record(nil, "kim", "232")}) == "1 1");
  CHECK(joined({record(one, "kim", "231"), record(nil, "kim", "231")}) == "2");
  CHECK(joined({record(one, "kim", "231"), record(two, "kim", "231")}) == "1 1");
  // The GUID that comes later is the user's from then on.
  CHECK(joined({record(nil, "kim", "231"), record(one, "kim", "231"), record(one, "kim.b", "232")}) == "3");
  CHECK(joined({record(nil, "kim", "231"), record(one, "kim", "231"), record(two, "kim", "231")}) == "2 1");
  CHECK(joined({record(nil, "", ""), record(nil, "", "")}) == "");
  CHECK(joined({record(one, "", ""), record(one, "kim", "231")}) == "2");

  Reading reading = read_site({"",
                               {{"a.xml", export_of(record(one, "kim", "231", "<LoginCode></LoginCode><Password></Password>"))},
                                {"b.xml", export_of(record(one, "kim", "231", "<LoginCode></LoginCode><Password>7x7</Password>"))}},
                               {}},
                              "", "", {});
  std::vector<User> users = users_of(reading.site);
  REQUIRE(users.size() == 1);
  // Of fields that are all empty it is the first.
  REQUIRE(users[0].field("user.login_code"));
  CHECK(users[0].field("user.login_code")->value.span.source == 0);
  CHECK(users[0].text("user.password") == "7x7");
  CHECK(users[0].field("user.soft_phone") == nullptr);
  // The system's own accounts are nobody.
  CHECK(joined({record(nil, "NoUser", ""), record(one, "kim", "231")}) == "1");
}

TEST_CASE("a system exported twice has the platform and release of the export that tells them") {
  auto system = [](const std::string& fields, const std::string& lan2 = "") {
    return export_of("<System GUID=\"7c0e0000-0000-4000-8000-000000000001\"><Name>desk</Name>" + fields +
                     "<LANS><LAN id=\"LAN1\"><IPAddress>10.20.3.5</IPAddress></LAN>" + lan2 + "</LANS></System>\n");
  };
  std::string lan2 = "<LAN id=\"LAN2\"><IPAddress>10.21.3.5</IPAddress></LAN>";
  std::string linux = "<Platform>server-edition</Platform>",
              release = "<MajorVersion>9</MajorVersion><MinorVersion>0</MinorVersion>";
  for (bool first : {true, false}) {
    INFO(first);
    Reading r = read_site(
        {"", {{"a.xml", system(first ? linux + release : "", lan2)}, {"b.xml", system(first ? "" : linux + release, lan2)}}, {}},
        "", "", {});
    REQUIRE(r.site.hosts.size() == 1);
    CHECK(r.site.hosts[0].platform == "server-edition");
    REQUIRE(r.site.hosts[0].release);
    CHECK(r.site.hosts[0].addresses.size() == 2);
  }
  // One GUID, or without one the same name and an address in common.
  auto hosts = [](const std::string& id, const std::string& name, const std::string& address) {
    auto one = [](const std::string& guid, const std::string& called, const std::string& at) {
      return export_of("<System GUID=\"" + guid + "\"><Name>" + called + "</Name><LANS><LAN id=\"LAN1\"><IPAddress>" + at +
                       "</IPAddress></LAN></LANS></System>\n");
    };
    Reading both = read_site(
        {"", {{"a.xml", one("7c0e0000-0000-4000-8000-000000000001", "desk", "10.20.3.5")}, {"b.xml", one(id, name, address)}}, {}},
        "", "", {});
    return both.site.hosts.size();
  };
  CHECK(hosts("7c0e0000-0000-4000-8000-000000000001", "lobby", "10.20.9.5") == 1);
  CHECK(hosts("7c0e0000-0000-4000-8000-000000000002", "desk", "10.20.3.5") == 2);
  CHECK(hosts("", "desk", "10.20.3.5") == 1);
  CHECK(hosts("", "lobby", "10.20.3.5") == 2);
  CHECK(hosts("", "desk", "10.20.9.5") == 2);
  Reading r = read_site({"", {{"a.xml", system("<Platform>ip500v2</Platform>")}, {"b.xml", system(linux, lan2)}}, {}}, "", "", {});
  REQUIRE(r.site.hosts.size() == 1);
  CHECK(r.site.hosts[0].platform == "ip500v2");
  CHECK(r.site.hosts[0].addresses.size() == 2);
}

TEST_CASE("users are joined across exports, and numbers told apart") {
  Reading r = read_site({"",
                         {{"a.xml", export_of(user(1, "<LoginCode>9</LoginCode>") + user(2, ""))},
                          {"b.xml", export_of(user(1, "<LoginCode></LoginCode><SoftPhone>true</SoftPhone>"))},
                          {"c.xml",
                           "<userlist xmlns=\"http://www.avaya.com/ipoffice/userlist\"><data_source>IPOFFICE/8.1(69) 192.168.42.1"
                           "</data_source><list><user><name>user-2</name><fname>Two</fname><extn>212</extn></user>"
                           "<user><name>user-3</name><fname>Three</fname><extn>213</extn></user></list></userlist>"}},
                         {}},
                        "", "", {});
  std::vector<User> users = users_of(r.site);
  REQUIRE(users.size() == 3);
  CHECK(users[0].records.size() == 2);
  CHECK(users[0].text("user.login_code") == "9");
  CHECK(users[0].flag("user.soft_phone") == true);
  CHECK(users[1].text("user.full_name") == "Two");
  CHECK(users[2].label() == "213 user-3");
  std::size_t own = longest_own_number(r.site, users);
  CHECK(own == 3);
  CHECK(is_external("07700900123", own));
  CHECK(is_external("+44 (20) 7946-0000", own));
  CHECK(is_external("1234567", own));
  CHECK_FALSE(is_external("1234567", 7));
  CHECK(is_external("12345678", 7));
  for (const char* number : {"", "212", "999", "123456", "*70*07700900123", "+", "07700x900123"})
    CHECK_FALSE(is_external(number, own));
}
