// Inputs full of marked secrets, in every format that is read: no command prints a mark, in no format, on neither stream.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "linter/output/redact.h"
#include "parsers/text/secret_names.h"
#include "tests/program.h"

using namespace ipo::testing;

namespace {

const std::string mark = "hunter2";
// Of digits only, as codes are: a weak one that checks speak of, one that is shared and short, and a documented default.
const std::string weak = "9876543", shared = "4708112", craft = "27238";

std::vector<std::pair<std::string, std::string>> inputs() {
  std::string fields;
  for (const char* name : {"Password", "LoginCode", "VoicemailCode", "SIPPassword", "PIN", "UserPin", "Passcode", "SharedKey"})
    fields += "<" + std::string(name) + ">" + mark + "</" + name + ">";
  std::string user = "<User GUID=\"g-1\"><Name>anna</Name><Extension>201</Extension>" + fields +
                     "<Row><Name>LoginCode</Name><Value>" + mark + "</Value></Row><P Password=\"" + mark + "\">x</P></User>";
  std::string system =
      "<System GUID=\"g-2\"><Name>office</Name><LANS><LAN id=\"LAN1\"><IPAddress>192.168.42.1</IPAddress></LAN></LANS>"
      "<SNMP><Enabled>perhaps</Enabled><Community>" +
      mark + "</Community><TrapCommunity>" + mark +
      "</TrapCommunity></SNMP>"
      "<UnsecuredInterfaces><SystemPassword>" +
      mark + "</SystemPassword><MonitorPassword>" + mark +
      "</MonitorPassword>"
      "</UnsecuredInterfaces><VoIPSecurity><DefaultExtensionPassword>" +
      mark + "</DefaultExtensionPassword></VoIPSecurity></System>";
  std::string envelope =
      "<response status=\"1\"><data><ws_object>" + user + "</ws_object><ws_object>" + system + "</ws_object></data></response>";
  std::string twice = envelope;
  twice.replace(twice.find("<Community>" + mark), 11 + mark.size(), "<Community>" + mark + "x");
  std::string codes;
  for (int n = 0; n < 3; ++n) {
    codes += "<User GUID=\"g-" + std::to_string(30 + n) + "\"><Name>u" + std::to_string(n) + "</Name><Extension>30" +
             std::to_string(n) + "</Extension><SoftPhone>true</SoftPhone><LoginCode>" + (n == 0 ? weak : shared) +
             "</LoginCode><VoicemailCode>" + weak + "</VoicemailCode><Password>" + weak + "</Password></User>\n";
  }
  codes +=
      "<System GUID=\"g-2\"><Name>office</Name><Telephony><MinimumCodeLength>9</MinimumCodeLength></Telephony><VoIPSecurity>"
      "<DefaultExtensionPassword>" +
      weak + "</DefaultExtensionPassword></VoIPSecurity><UnsecuredInterfaces><SystemPassword>" + weak +
      "</SystemPassword><MonitorPassword>" + weak + "</MonitorPassword></UnsecuredInterfaces></System>";
  return {
      {"codes.xml", "<response status=\"1\"><data><ws_object>" + codes + "</ws_object></data></response>"},
      {"phones/46xxsettings.txt", "SET TLSSRVR 10.1.1.1\nSET PROCPSWD " + craft + "\nSET ADMIN_PASSWORD " + craft + "\n"},
      {"config.xml", envelope},
      {"again.xml", twice},  // contradicts the first
      {"cut.xml", envelope.substr(0, envelope.find("SIPPassword>") + 16)},
      {"broken.xml",
       "<response><data><ws_object><User GUID=\"1\"><LoginCode>" + mark + "</Name></User><Password " + mark + "></ws_object>"},
      {"users.json",
       "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":[{\"User\":{\"@GUID\":\"1\",\"Name\":\"anna\",\"LoginCode\":\"" +
           mark + "\",\"Password\":[\"" + mark + "\",\"" + mark + "\"],\"VoicemailCode\":{\"#text\":\"" + mark + "\"}}}]}}}"},
      {"cut.json", "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":[{\"User\":{\"@GUID\":\"1\",\"LoginCode\":\"" + mark},
      {"46xxsettings.txt", "SET HTTPSRVR 10.1.1.1\nSET SNMPSTRING " + mark + "\nSET PROCPSWD \"" + mark +
                               "\"\nSET ADMIN_PASSWORD \"" + mark + "\nSET NVIKEPSK " + mark +
                               " and more\nGOTO END\nSET SNMPSTRING " + mark + "\nSET FORCE_WEB_ADMIN_PASSWORD " + mark +
                               "\n# END\n"},
      {"trunk.xml", "<Template xmlns=\"urn:SIPTrunk-schema\"><SIPTrunk><ITSPProxy>198.51.100.7</ITSPProxy><Password>" + mark +
                        "</Password><Auth><UserName>x</UserName><Password>" + mark + "</Password></Auth></SIPTrunk></Template>"},
      {"directory.xml",
       "<corporate_dir xmlns=\"http://www.avaya.com/ipoffice/corporatedirectory\"><data_source>IPOFFICE/8.1(69) 192.168.42.1"
       "</data_source><pin>" +
           mark + "</pin><list><name>a</name><numb>1</numb></list></corporate_dir>"},
  };
}

}  // namespace

TEST_CASE("no output of any command holds a secret") {
  using Words = std::vector<std::string>;
  Folder folder;
  Words files;
  for (const auto& [name, text] : inputs()) files.push_back(folder.put(name, text));
  auto of_all = [&](Words words) {
    words.insert(words.end(), files.begin(), files.end());
    return words;
  };
  std::vector<Words> runs;
  for (const char* format : {"text", "json", "sarif"}) runs.push_back(of_all({"lint", "--format", format}));
  for (const std::string& file : files) {
    for (const char* format : {"text", "json", "counts"}) runs.push_back({"inventory", "--format", format, file});
    for (const char* format : {"text", "json", "sarif"}) runs.push_back({"lint", "--format", format, file});
    for (const char* as : {"ipoffice", "ipoffice-json", "46xxsettings", "nasystem", "iptables"})  // as what it is not, too
      for (const char* verb : {"lint", "inventory"}) runs.push_back({verb, "--as", as, file});
  }
  for (const char* verb : {"zones", "exposure"}) {
    runs.push_back(of_all({verb}));
    runs.push_back(of_all({verb, "--format", "json"}));
  }
  runs.push_back(of_all({"init", "-o", "-"}));
  runs.push_back(of_all({"query", "--from", "internet", "--service", "69/udp", "--format", "json"}));
  for (const Words& words : runs) {
    Ran ran = run_here(words);
    CAPTURE(words);
    CHECK((ran.status >= 0 && ran.status <= 3));
    for (const std::string& secret : {mark, weak, shared, craft}) {
      CHECK(ran.out.find(secret) == std::string::npos);
      CHECK(ran.err.find(secret) == std::string::npos);
    }
  }
  // The checks that look at codes did look.
  std::string found = run_here(of_all({"lint"})).out;
  for (const char* check : {"default-password", "shared-login-code", "short-login-code", "phone-settings-insecure"})
    CHECK(found.find(std::string("[") + check + "]") != std::string::npos);
  std::string toml = "[settings]\n\"snmp.community\" = \"" + mark + "\"\n\"snmp.comunity\" = \"" + mark +
                     "\"\n\"security.system_password\" = [\"" + mark + "\"]\n";
  Ran ran = run_program("'" + files[0] + "' --config '" + folder.put("site/ipo-lint.toml", toml) + "'");
  CHECK(ran.status == 2);
  CHECK((ran.out + ran.err).find(mark) == std::string::npos);
}

namespace {

std::string masked(const std::string& text) {
  ipo::Sources sources{ipo::decode_source("x", text)};
  std::vector<ipo::SourceSpan> none;
  return ipo::Redaction(sources, none).text({0, 0, static_cast<std::uint32_t>(text.size())});
}

}  // namespace

TEST_CASE("one list says which names are secret") {
  for (const char* name :
       {"UserPwd",        "SIPAuthPwd",      "WepKey",         "Token",      "LicenseKey", "PSK",      "PreSharedKey",
        "Passphrase",     "Community",       "ConferencePIN",  "USERPIN",    "WPA_KEY",    "VPNKey",   "SNMPSTRING",
        "ADMIN_PASSWORD", "SipAuthPass",     "AccessToken",    "LdapBindPw", "DoorCode",   "USERPASS", "OTP",
        "SNMPv3AuthKey",  "User/SIPAuthPwd", "snmp.community", "Login Code"})
    CHECK((ipo::names_secret(name) ? "" : std::string(name)) == "");
  for (const char* name :
       {"Key", "key0", "monkey", "SoftKey", "PublicKey", "HOT_KEY", "Spinner", "Shipping", "OnePageView", "Extension", "BypassMode",
        "BYPASS", "CountryCode", "AreaCode", "ForceAccountCode", "PINLength", "Compass", "dport", "LAN1"})
    CHECK((ipo::names_secret(name) ? std::string(name) : "") == "");
}

TEST_CASE("a secret is hidden in every shape it takes in a text") {
  for (const char* text : {"-m string --string \"password=4bz7x\" --algo bm",
                           "-m string --hex-string \"password|3d|4bz7x\"",
                           "--hex-string |70617373776f72643d|4bz7x",
                           "-m foo --password 4bz7x",
                           "--opensecret 4bz7x --closesecret 4bz7x",
                           "--comment \"password is 4bz7x\"",
                           "# the pwd 4bz7x",
                           "--comment \"login code: 4bz7x\"",
                           "--comment 'login code: 4bz7x'",
                           "key=4bz7x",
                           "--license-key 4bz7x",
                           "# password for the trunk is 4bz7x",
                           "# voicemail code 4bz7x",
                           "# pre-shared key 4bz7x",
                           "# snmp community string: 4bz7x",
                           "ftp://anna:4bz7x@198.51.100.7/",
                           "sip:anna:4bz7x@198.51.100.7",
                           "admin:4bz7x@198.51.100.7",
                           "Authorization: Basic 4bz7x==",
                           "Authorization: Digest username=x, response=4bz7x",
                           "X-Auth-Token: 4bz7x",
                           "<LoginCode 4bz7x<Name>x</Name>",
                           "<LoginCode\n4bz7x\n<Name>",
                           "<LoginCode \"4bz7x<",
                           "</LoginCode 4bz7x>",
                           "<LoginCode=4bz7x>",
                           "<LoginCode 4bz7x",
                           "<LoginCode><x>4bz7x</x>",
                           "<LoginCode><![CDATA[4bz7x]]>",
                           "<Name>LoginCode</Name><Value>4bz7x</Value>",
                           "<F name=\"PIN\" value=\"4bz7x\"/>",
                           "{\"ConferencePIN\":\"4bz7x",
                           "{\"LoginCode\":[\"4bz7x\",\"4bz7x",
                           "{\"LoginCode\":{\"a\":\"4bz7x",
                           "\"LoginCode\":\"a\\\"4bz7x",
                           "\"{\\\"password\\\":\\\"4bz7x\\\"}\"",
                           "PASSWORD%3D4bz7x",
                           "passphrase: correct horse 4bz7x",
                           "psk => 4bz7x",
                           "\"Password\" \"4bz7x\""})
    CHECK((masked(text).find("4bz7x") == std::string::npos ? "" : text + (" -> " + masked(text))) == "");
  CHECK(masked("# PIN 4711") == "# PIN ***");
}

TEST_CASE("what only looks like a secret is evidence and stays") {
  for (const char* text : {"-A INPUT -i key0 -p tcp --dport 22 -j ACCEPT",
                           "--comment \"monkey=3\"",
                           ":SECRET DROP [0:0]",
                           "-A secret -s 198.51.100.0/24 -j ACCEPT",
                           "-m set --match-set secret src -j ACCEPT",
                           "-m recent --name password_x --rcheck",
                           "-m string --string \"password\" --algo bm",
                           "create community hash:ip family inet",
                           "add community 198.51.100.7",
                           "-m foo --key 5",
                           "pass in on em0 proto udp",
                           "# pin the route 5060",
                           "key = \"snmp.enabled\"",
                           "sip:201@198.51.100.7",
                           "mailto:anna@example.net",
                           "<Password/><Name>x</Name>",
                           "</Password><Name>x</Name>",
                           "-j passthrough",
                           "<PublicKey>abc</PublicKey>",
                           "PublicKey = abc",
                           "--comment \"token bucket\"",
                           "--hex-string \"|deadbeef|\" --algo bm"})
    CHECK(masked(text) == text);
}

TEST_CASE("words of ours stay, what is assigned in them does not") {
  CHECK(ipo::without_secrets("the SNMP community is a well-known default") == "the SNMP community is a well-known default");
  CHECK(ipo::without_secrets("unexpected word \"password=4bz7x\"") == "unexpected word \"password=***\"");
  CHECK(ipo::without_secrets("-m foo --password 4bz7x: match module foo is not known") ==
        "-m foo --password *** match module foo is not known");
}

TEST_CASE("a secret beside its name is in no output of any command") {
  Folder folder;
  const std::vector<std::string> secrets = {"4711903", "s3crefix"};
  const std::vector<std::string> said = {"pin code 4711903",
                                         "pin 4711903",
                                         "PIN no. 4711903",
                                         "login code 4711903",
                                         "login codes 2222 and 4711903",
                                         "the PIN is 4711903",
                                         "password s3crefix",
                                         "pw s3crefix",
                                         "password for anna is s3crefix",
                                         "pin_4711903",
                                         "password-s3crefix",
                                         "pin (4711903)"};
  std::vector<std::pair<std::string, std::string>> files;
  std::string rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n", phones = "SET HTTPSRVR 10.1.1.1\n",
              sets;
  for (const std::string& s : said) {
    rules += "-A FORWARD -i ppp0 -p udp --dport 69 -m comment --comment \"" + s + "\" -j ACCEPT\n";
    rules += "-A FORWARD -i ppp0 -p tcp --dport 80 -m string --string \"" + s + "\" --algo bm -j ACCEPT\n-A FORWARD bogus \"" + s +
             "\"\n";
    rules += "# " + s + "\n";
    phones += "## " + s + "\nSET PHNOL \"" + s + "\"\nSET HTTPDIR \"" + s + "\nbroken " + s + "\n";
    sets += "add office 198.51.100." + std::to_string(sets.size() / 40) + " comment \"" + s + "\"\n";
  }
  files.emplace_back("fw.rules", rules + "COMMIT\n");
  files.emplace_back("46xxsettings.txt", phones);
  files.emplace_back("office.ipset", "create office hash:ip family inet hashsize 1024 maxelem 65536 comment\n" + sets);
  std::string xml, cut;
  for (const char* pair : {"<Password> <Value/>4711903</Password>", "<Password><a>4711903</a>s3crefix<a/>4711903</Password>",
                           "<Password><v a=\"4711903\"/></Password>", "<field name=\"LoginCode\" value=\"4711903\"/>",
                           "<field value=\"4711903\" type=\"x\" name=\"Login Code\"/>", "<field name=\"LoginCode\">4711903</field>",
                           "<field key='Password' kind='x'>s3crefix</field>", "<field name=\"PIN\"><Value>4711903</Value></field>",
                           "<field><Name>LoginCode</Name><Value>4711903</Value></field>",
                           "<field><Name>LoginCode</Name><Type>x</Type><Value>4711903</Value></field>",
                           "<field><Value>4711903</Value><Name>LoginCode</Name></field>",
                           "<field><Label>SIP Password</Label><Unit/><NewValue v=\"s3crefix\"/></field>",
                           "<Note>pin code 4711903</Note>", "<Note text=\"password s3crefix\"/>"}) {
    xml += std::string(pair) + "\n";
    cut += "<User GUID=\"1\"><Name>a</Name>" + std::string(pair) + "</Usr>\n";
  }
  std::string head = "<response status=\"1\"><data><ws_object>",
              user = "<User GUID=\"g-1\"><Name>anna</Name><Extension>201</Extension>";
  files.emplace_back("config.xml", head + user + xml + "</User></ws_object></data></response>");
  files.emplace_back("cut.xml", head + cut);
  std::string members;
  for (const char* pair :
       {R"({"name": "LoginCode", "value": "4711903"})", R"({"value": "4711903", "name": "LoginCode"})",
        R"({"name": "LoginCode", "type": "x", "value": 4711903})", R"({"@name": "LoginCode", "#text": "4711903"})",
        R"({"@name": "LoginCode", "@value": "4711903"})", R"({"key": "Login Code", "value": ["4711903", "s3crefix"]})",
        R"({"id": "Password", "data": {"text": "s3crefix"}})", R"({"label": "PIN", "a": {"b": 1}, "newValue": "4711903"})",
        R"("pin code 4711903")", R"({"note": "the password is s3crefix"})"})
    members += (members.empty() ? "" : ",\n") + std::string(pair);
  std::string json = R"({"response":{"@status":"1","data":{"ws_object":[{"User":{"@GUID":"1","Name":"anna","Fields":[)" + members;
  files.emplace_back("users.json", json + "]}}]}}}");
  files.emplace_back("cut.json", json + ",");
  std::vector<std::string> all;
  for (const auto& [name, text] : files) all.push_back(folder.put(name, text));
  std::vector<std::vector<std::string>> runs;
  for (std::size_t n = 0; n <= all.size(); ++n) {
    std::vector<std::string> inputs = n < all.size() ? std::vector<std::string>{all[n]} : all;
    auto run = [&](std::vector<std::string> words) {
      words.insert(words.end(), inputs.begin(), inputs.end());
      runs.push_back(std::move(words));
    };
    for (const char* format : {"text", "json", "sarif"})
      run({"lint", "--internet", "ppp0", "--pbx", "192.168.42.1", "--format", format});
    if (n < all.size())
      for (const char* format : {"text", "json", "counts"}) run({"inventory", "--format", format});
    for (const char* format : {"text", "json"}) run({"zones", "--format", format});
    for (const char* format : {"text", "json"})
      run({"exposure", "--internet", "ppp0", "--pbx", "192.168.42.1", "--format", format});
    for (const char* format : {"text", "json"})
      run({"query", "--internet", "ppp0", "--pbx", "192.168.42.1", "--from", "internet", "--service", "69/udp", "--format",
           format});
    run({"init", "-o", "-"});
  }
  // What stands in a site file where it does not belong.
  std::string site =
      folder.put("site/ipo-lint.toml",
                 "\"pin code 4711903\" = 3\n[zones.office]\nkind = \"pin 4711903\"\nsources = [\"login code 4711903\"]\n"
                 "interfaces = [\"password s3crefix\"]\n[[ignore]]\ncheck = \"pin_4711903\"\n");
  for (const char* verb : {"lint", "inventory", "zones", "exposure"}) runs.push_back({verb, "--config", site, all[0]});
  for (const auto& words : runs) {
    Ran ran = run_here(words);
    CAPTURE(words);
    CHECK((ran.status >= 0 && ran.status <= 3));
    for (const std::string& secret : secrets)
      for (const std::string& printed : {ran.out, ran.err}) {
        std::size_t at = printed.find(secret);
        CHECK((at == std::string::npos ? "" : printed.substr(at < 150 ? 0 : at - 150, 300)) == "");
      }
  }
}

TEST_CASE("no doubt, message or step says what a match looks for") {
  Folder folder;
  for (const char* match : {"-m string --string \"password=hunter2\" --algo bm",
                            "-m string --hex-string \"login code: |20|hunter2\" --algo bm", "-m foo --password hunter2",
                            "-m string --string 'login code: hunter2'", "-m string --string \"sip:a:hunter2@x\" --algo bm"}) {
    std::string file = folder.put(
        "fw.rules", "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -i ppp0 -p udp --dport 69 " +
                        std::string(match) + " -j ACCEPT\nCOMMIT\n");
    for (const char* format : {"text", "json", "sarif"}) {
      Ran ran = run_here({"lint", "--internet", "ppp0", "--pbx", "192.168.42.1", "--format", format, file});
      INFO(match << ' ' << format);
      CHECK(ran.out.find("tftp-exposed") != std::string::npos);
      CHECK((ran.out + ran.err).find("hunter2") == std::string::npos);
    }
    for (const char* format : {"text", "jsonl"}) {
      Ran ran = run_program("query --pbx 192.168.42.1 --format " + std::string(format) +
                            " --packet 'in=ppp0 dst=192.168.42.1 proto=udp dport=69' '" + file + "'");
      INFO(match << ' ' << format << ran.out << ran.err);
      CHECK(ran.out.find("possible") != std::string::npos);
      CHECK(ran.out.find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("a report replaces nothing that is read, and no link to nothing") {
  Folder folder;
  const std::string rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
  std::string file = folder.put("fw/edge.rules", rules), site = folder.put("fw/ipo-lint.toml", "release = \"9.1\"\n");
  std::filesystem::create_symlink(file, folder.path / "link.sarif");
  std::filesystem::create_hard_link(file, folder.path / "hard.sarif");
  std::filesystem::create_symlink("nowhere", folder.path / "dangling.sarif");
  std::string base = folder.path.string();
  for (const std::string& target : {file, site, base + "/link.sarif", base + "/hard.sarif", base + "/fw/../fw//edge.rules"})
    for (const std::string& input : {file, base + "/fw"}) {
      Ran ran = run_program("'" + input + "' --format 'sarif=" + target + "'");
      INFO(target << "\n" << ran.err);
      CHECK(ran.status == 2);
      CHECK(ran.err.find("this file is read") != std::string::npos);
    }
  CHECK(slurp(file) == rules);
  CHECK(slurp(site) == "release = \"9.1\"\n");
  Ran ran = run_program("'" + file + "' --format 'sarif=" + base + "/dangling.sarif'");
  CHECK((ran.status == 2 && ran.err.find("a link to a file that is not there") != std::string::npos));
  CHECK_FALSE(std::filesystem::exists(folder.path / "nowhere"));
  CHECK(std::filesystem::is_symlink(folder.path / "dangling.sarif"));
  ran = run_program("'" + file + "' --format 'sarif=" + base + "/fw'");
  CHECK((ran.status == 2 && ran.err.find("it is a folder") != std::string::npos));
}

TEST_CASE("characters that nobody sees are escaped in every format") {
  Folder folder;
  const std::vector<std::string> unseen = {"\u202e",     "\u2066", "\u200b", "\u2028", "\ufeff",
                                           "\U000e0041", "\u009b", "\u061c", "\u00ad"};
  std::string all;
  for (const std::string& c : unseen) all += c;
  std::string file =
      folder.put("a" + all + ".rules",
                 "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n-A FORWARD -i ppp0 -p udp --dport 69 -m comment --comment \"" +
                     all + "\" -m foo" + all + " -j ACCEPT\nCOMMIT\n");
  for (const char* format : {"text", "json", "sarif"}) {
    std::string out = run_here({"lint", "--internet", "ppp0", "--pbx", "192.168.42.1", "--format", format, file}).out;
    INFO(format);
    for (const std::string& c : unseen) CHECK(out.find(c) == std::string::npos);
  }
}

TEST_CASE("the action lets no workflow command of an input through") {
  Folder folder;
  folder.put("fw/a.rules",
             "*filter\n:INPUT DROP [0:0]\n-A INPUT bogus\n::set-output name=x::y\n::error::z\r\n::stop-commands::\nCOMMIT\n");
  folder.put("fw/::warning::b.rules", "::add-mask::x\n");
  std::string output = (folder.path / "output").string();
  auto act = [&](const std::string& environment) {
    std::string out = folder.path / "stdout";
    std::string command = "cd '" + folder.path.string() + "' && env GITHUB_OUTPUT='" + output + "' PROGRAM='" + program_path() +
                          "' " + environment + " '" + (source_dir() / "ci/action").string() + "' > '" + out + "' 2>&1";
    (void)!std::system(command.c_str());
    return slurp(out);
  };
  std::string out = act("FILES=fw/*.rules");
  std::string head = "::stop-commands::";
  REQUIRE(out.starts_with(head));
  std::string token = out.substr(head.size(), out.find('\n') - head.size());
  CHECK(token.size() == 48);
  std::size_t end = out.find("\n::" + token + "::\n");
  REQUIRE(end != std::string::npos);
  std::string after = out.substr(end + token.size() + 6);
  CHECK((after.empty() || after.starts_with("::error title=ipo-lint::")));
  CHECK(std::count(after.begin(), after.end(), '\n') <= 1);
  CHECK(act("FILES=fw/*.rules").find(token) == std::string::npos);

  CHECK(act("FILES='none%0A::set-output name=x::y'").find("none%250A: :set-output") != std::string::npos);
  std::filesystem::remove(output);
  CHECK(act("FILES=fw SARIF_FILE=\"$(printf 'a\\nexit-code=0')\"").find("not one line") != std::string::npos);
  CHECK(slurp(output) == "exit-code=2\n");
  act("FILES=fw/a.rules SARIF_FILE=fw/a.rules");
  CHECK(slurp(folder.path / "fw/a.rules").starts_with("*filter"));
}

TEST_CASE("what stands behind the name of a secret is masked, and no more than that") {
  for (auto [text, left] : std::vector<std::pair<std::string, std::string>>{
           {"password\tx7k9q", "password\t***"},
           {"the password is x7k9q today", "the password is *** today"},
           {"password for the trunk is x7k9q", "password for the trunk is ***"},
           {"my password: x7k9q", "my password: ***"},
           {"Passwort lautet x7k9q", "Passwort lautet ***"},
           {"password list:set", "password list:set"},
           {"password bitmap:port", "password bitmap:port"},
           {"password hash:ip", "password hash:ip"},
           {"password 192.0.2.1", "password 192.0.2.1"},
           {"password 192.0.2.1/24", "password 192.0.2.1/24"},
           {"password 192.0.2.x", "password ***"},
           {"secret= x7k9q", "secret= ***"},
           {"secret := x7k9q", "secret := ***"},
           {"password==x7k9q", "password==***"},
           {"password=>x7k9q", "password=>***"},
           {"password > x7k9q", "password > x7k9q"},
           {"password =x7k9q", "password =***"},
           {"password=\"x7k9q", "password=\"***"},
           {"password='x7k9q' beside", "password='***' beside"},
           {"password=\\\"x7k9q\\\" beside", "password=\\\"***\" beside"},
           {"\"password\" : \"x7k9q\", \"name\": \"anna\"", "\"password\" : \"***\", \"name\": \"anna\""},
           {"\"password\": [\"x7k9q\", \"y8\"], \"name\": \"anna\"", "\"password\": [***], \"name\": \"anna\""},
           {"\"password\": {\"a\": {\"b\": \"x7k9q\"}, \"c\": \"]\"}, \"name\": \"anna\"",
            "\"password\": {***}, \"name\": \"anna\""},
           {"\"password\": [x7k9q", "\"password\": [***"},
           {"password%3dx7k9q&name=anna", "password%3d***"},
           {"password%3Ax7k9q", "password%3A***"},
           {"Authorization: Basic x7k9q==", "Authorization: ***"},
           {"Authorization: \"Basic x7k9q\" beside", "Authorization: \"***\" beside"},
           {"Authorization = Digest x7k9q", "Authorization = ***"},
           {"passphrase=three small words", "passphrase=***"},
           {"passphrase=\"three small words\" beside", "passphrase=\"***\" beside"},
           {"PIN 4711", "PIN ***"},
           {"PIN 471", "PIN 471"},
           {"PIN 4711a", "PIN ***"},
           {"PIN\t47114711", "PIN\t***"},
           {"login code 4711", "login code ***"},
           {"login\tcode 4711", "login\tcode ***"},
           {"pre-shared key x7k9q", "pre-shared key ***"},
           {"a key x7k9q", "a key x7k9q"},
           {"areallylongwordofmorethanthirtytwolettersinlogin code 4711",
            "areallylongwordofmorethanthirtytwolettersinlogin code ***"},
           {"keypass code x", "keypass code ***"},
           {"--password x7k9q", "--password ***"},
           {"--password=x7k9q beside", "--password=*** beside"},
           {"--password \"x7k9q\" beside", "--password \"***\" beside"},
           {"--pin 47", "--pin ***"},
           {"--hex-string \"|70617373776f72643d|x7k9q\"", "--hex-string \"***\""},
           {"--hex-string \"|6e616d653d|x7k9q\"", "--hex-string \"|6e616d653d|x7k9q\""},
           {"secret 5 $1$mERr", "secret ***"},
           {"secret 7 0822455D0A16", "secret ***"},
           {"password ENC x7k9q", "password ***"},
           {"password 0 x7k9q", "password ***"},
           {"anna:x7k9q@198.51.100.7", "anna:***@198.51.100.7"},
           {"anna:x7k@9q@198.51.100.7", "anna:***@198.51.100.7"},
           {":x7k9q@198.51.100.7", ":x7k9q@198.51.100.7"},
           {"sip:201@198.51.100.7", "sip:201@198.51.100.7"},
           {"sip:201:x7k9q@198.51.100.7", "sip:201:***@198.51.100.7"},
           {"mailto:anna@example.net", "mailto:anna@example.net"},
           {"anna@example.net", "anna@example.net"},
           {"https://anna:x7k9q@example.net/path", "https://anna:***@example.net/path"},
           {"<Password>x7k9q</Password>", "<Password>***</Password>"},
           {"<Password type=\"a\">x7k9q</Password>", "<Password type=\"a\">***</Password>"},
           {"<Password x7k9q>", "<Password***>"},
           {"<Password x7k9q/>", "<Password***/>"},
           {"<Password x7k9q other=\"a\">", "<Password*** other=\"a\">"},
           {"<Password\tx7k9q\r\n/>", "<Password***\r\n/>"},
           {"<Password x7k9q", "<Password***"},
           {"<Password>  <Value>x7k9q</Value></Password>", "<Password>  <Value>***</Value></Password>"},
           {"<Password>  <Value", "<Password>***<Value"},
           {"<Password><![CDATA[x7k9q]]></Password>", "<Password><![CDATA[***]]></Password>"},
           {"<Password><![CDATA[x7k9q", "<Password><![CDATA[***"},
           {"</Password>x7k9q", "</Password>x7k9q"},
           {"<Name>LoginCode</Name><Value>4711</Value>", "<Name>LoginCode</Name><Value>***</Value>"},
           {"<Name>LoginCode</Name>\r\n\t <Value>4711</Value>", "<Name>LoginCode</Name>\r\n\t <Value>***</Value>"},
           {"<Name>LoginCode</Name>  text <Value>4711</Value>", "<Name>LoginCode</Name>  text <Value>4711</Value>"},
           {"<Name>LoginCode</Name></Row>", "<Name>LoginCode</Name></Row>"},
           {"<Name>LoginCode</Name", "<Name>LoginCode</Name"},
           {"<Name>LoginCode</Name><Value", "<Name>LoginCode</Name><Value"},
           {"<Name>LoginCode</Name>", "<Name>LoginCode</Name>"},
           {"<Name>Key</Name><Value>4711</Value>", "<Name>Key</Name><Value>4711</Value>"},
           {"name=\"LoginCode\" value=\"4711\"", "name=\"LoginCode\" value=\"***\""},
           {"name = \"LoginCode\" value=\"4711\"", "name = \"LoginCode\" value=\"***\""},
           {"pin 4711", "pin ***"},
           {"PIN-Nr. 4711", "PIN-Nr. ***"},
           {"pin/4711", "pin/***"},
           {"pin | 4711; ext 2010", "pin | ***; ext 2010"},
           {"pin,4711", "pin,***"},
           {"voice mail code 4711", "voice mail code ***"},
           {"login  code  4711", "login  code  ***"},
           {"login code of anna 4711", "login code of anna ***"},
           {"pin for anna 4711", "pin for anna ***"},
           {"password changed to x7k9q", "password changed to ***"},
           {"password reset 2024-01-01", "password reset 2024-01-01"},
           {"password protected since 2019", "password protected since 2019"},
           {"password protected access to 10.0.0.1", "password protected access to 10.0.0.1"},
           {"entry code 4711", "entry code ***"},
           {"[\"LoginCode\", \"4711\", \"2010\"]", "[\"LoginCode\", \"***\", \"2010\"]"},
           {"[\"LoginCode\", \"Extension\"]", "[\"LoginCode\", \"Extension\"]"},
           {"login code (201) 4711", "login code *** ***"},
           {"country code 0049", "country code 0049"},
           {"pin code 4711", "pin code ***"},
           {"pin-code 4711", "pin-code ***"},
           {"the PINs 4711, 4712 and 4713 of 2010", "the PINs ***, *** and *** of 2010"},
           {"login codes 4711 and 4712", "login codes *** and ***"},
           {"login pin 4711", "login pin ***"},
           {"pin is 4711", "pin is ***"},
           {"pin no. 4711", "pin no. ***"},
           {"pin for anna is 4711", "pin for anna is ***"},
           {"pin - 4711", "pin - ***"},
           {"password \u2013 x7k9q", "password \u2013 ***"},
           {"pin (4711)", "pin ***"},
           {"pin \"4711\"", "pin \"***\""},
           {"pw x7k9q", "pw ***"},
           {"pin_4711", "pin_***"},
           {"pin4711", "pin***"},
           {"login-code-4711", "login-code-***"},
           {"password_x7k9q", "password_***"},
           {"password x7k9q or y8m2w", "password *** or ***"},
           {"pins: 4711, 4712", "pins: ***, ***"},
           {"password swordfish", "password ***"},
           {"password is swordfish", "password is ***"},
           {"community set to public", "community set to ***"},
           {"password protected", "password protected"},
           {"password protected host", "password protected host"},
           {"a password is required", "a password is required"},
           {"password for the trunk", "password for the trunk"},
           {"password, 5060 and 5061", "password, 5060 and 5061"},
           {"pin header", "pin header"},
           {"pin header 2x10", "pin header 2x10"},
           {"pin 12 and 14", "pin 12 and 14"},
           {"pass in on eth0 from 10.0.0.1", "pass in on eth0 from 10.0.0.1"},
           {"pass 2001:db8::1", "pass 2001:db8::1"},
           {"code of conduct 2024", "code of conduct 2024"},
           {"area code 0301", "area code 0301"},
           {"password_policy", "password_policy"},
           {"LoginCode: 4711, Extension: 2010", "LoginCode: ***, Extension: 2010"},
           {"\"LoginCode\": 4711, \"Extension\": 2010", "\"LoginCode\": ***, \"Extension\": 2010"},
           {"<Note>pin code 4711</Note><x>2010</x>", "<Note>pin code ***</Note><x>2010</x>"},
           {"<Password> <Value/>x7k9q</Password><Name>anna</Name>", "<Password> <Value/>***</Password><Name>anna</Name>"},
           {"<Password>x7<b/>k9q</Password>", "<Password>***<b/>***</Password>"},
           {"<Password><a>x7</a>k9q<a>z</a></Password>y", "<Password><a>***</a>***<a>***</a></Password>y"},
           {"<Password a=\"b\"> <Value v='x7k9q'/></Password>", "<Password a=\"b\"> <Value v='***'/></Password>"},
           {"<Password> <!-- x7 -->k9q</Password>", "<Password> <!--***-->***</Password>"},
           {"<Password>x7<![CDATA[k9<]]>q</Password>", "<Password>***<![CDATA[***]]>***</Password>"},
           {"<ns:Password><ns:Value/>x7k9q</ns:Password>", "<ns:Password><ns:Value/>***</ns:Password>"},
           {"<Password>\n <Value/>\n x7k9q\n</Password>", "<Password>\n <Value/>***</Password>"},
           {"<field name=\"LoginCode\" value=\"4711\"/>", "<field name=\"LoginCode\" value=\"***\"/>"},
           {"<field name=\"LoginCode\" type=\"s\" value=\"4711\"/><field name=\"a\" value=\"1\"/>",
            "<field name=\"LoginCode\" type=\"***\" value=\"***\"/><field name=\"a\" value=\"1\"/>"},
           {"<field value='4711' name='Login Code'/>", "<field value='***' name='Login Code'/>"},
           {"<field name=\"LoginCode\">4711</field>", "<field name=\"LoginCode\">***</field>"},
           {"<field name=\"LoginCode\"><value>4711</value></field>", "<field name=\"LoginCode\"><value>***</value></field>"},
           {"<field name=\"LoginCode\" type=\"s\">4711</field>", "<field name=\"LoginCode\" type=\"***\">***</field>"},
           {"<Value>4711</Value><Name>LoginCode</Name>", "<Value>***</Value><Name>LoginCode</Name>"},
           {"<Name>LoginCode</Name><Type>s</Type>\n<Value>4711</Value></Row><Value>2</Value>",
            "<Name>LoginCode</Name><Type>***</Type>\n<Value>***</Value></Row><Value>2</Value>"},
           {"<Name>Login Code</Name><Value v=\"4711\"/>", "<Name>Login Code</Name><Value v=\"***\"/>"},
           {"{\"name\": \"LoginCode\", \"value\": \"4711\"}", "{\"name\": \"LoginCode\", \"value\": \"***\"}"},
           {"{\"value\": \"4711\", \"a\": 1, \"name\": \"LoginCode\"}, {\"value\": 2}",
            "{\"value\": \"***\", \"a\": 1, \"name\": \"LoginCode\"}, {\"value\": 2}"},
           {"{\"name\":\"LoginCode\",\"type\":\"s\",\"value\":4711}", "{\"name\":\"LoginCode\",\"type\":\"***\",\"value\":***}"},
           {"{\n  \"name\" : \"Login Code\",\n  \"value\" : [4711, 4712],\n  \"x\": 1\n}",
            "{\n  \"name\" : \"Login Code\",\n  \"value\" : [***],\n  \"x\": 1\n}"},
           {"{\"x\":{\"value\":1},\"name\":\"LoginCode\",\"value\":\"4711\"",
            "{\"x\":{\"value\":1},\"name\":\"LoginCode\",\"value\":\"***\""},
           {"{\"name\":\"anna\",\"value\":\"4711\"}", "{\"name\":\"anna\",\"value\":\"4711\"}"},
           {"name=LoginCode value=4711", "name=LoginCode ***"},
           {"LoginCode \"4711\"", "LoginCode \"***\""},
           {"LoginCode '4711'", "LoginCode '***'"},
           {"LoginCode", "LoginCode"},
           {"LoginCode=", "LoginCode="},
           {"LoginCode =", "LoginCode ="},
           {"key = true", "key = ***"},
           {"key = 5", "key = ***"},
           {"key = x7k9q", "key = ***"},
           {"public key = x7k9q", "public key = ***"},
           {"license key x7k9q", "license key ***"},
           {"tokens and cookies", "tokens and cookies"},
           {"set snmp community x7k9q", "set snmp community ***"},
           {"community string x7k9q ro", "community string *** ro"},
           {"snmp-server community x7k9q ro", "snmp-server community *** ro"},
           {"community set to x7k9q", "community set to ***"},
           {"password accept", "password accept"},
           {"password DROP", "password DROP"},
           {"password src", "password src"},
           {"password -", "password -"},
           {"passworda = x7k9q", "passworda = ***"},
           {"a_password = x7k9q", "a_password = ***"},
           {"PASSWORD = x7k9q", "PASSWORD = ***"},
           {"pässword = x7k9q", "pässword = x7k9q"},
       })
    CHECK(masked(text) == left);
}
