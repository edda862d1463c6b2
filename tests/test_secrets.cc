// Inputs full of marked secrets, in every format that is read: no command prints a mark, in no format, on neither stream.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

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
      "<SNMP><Enabled>perhaps</Enabled><Community>" + mark + "</Community><TrapCommunity>" + mark + "</TrapCommunity></SNMP>"
      "<UnsecuredInterfaces><SystemPassword>" + mark + "</SystemPassword><MonitorPassword>" + mark + "</MonitorPassword>"
      "</UnsecuredInterfaces><VoIPSecurity><DefaultExtensionPassword>" + mark + "</DefaultExtensionPassword></VoIPSecurity></System>";
  std::string envelope = "<response status=\"1\"><data><ws_object>" + user + "</ws_object><ws_object>" + system + "</ws_object></data></response>";
  std::string twice = envelope;
  twice.replace(twice.find("<Community>" + mark), 11 + mark.size(), "<Community>" + mark + "x");
  std::string codes;
  for (int n = 0; n < 3; ++n) {
    codes += "<User GUID=\"g-" + std::to_string(30 + n) + "\"><Name>u" + std::to_string(n) + "</Name><Extension>30" + std::to_string(n) +
             "</Extension><SoftPhone>true</SoftPhone><LoginCode>" + (n == 0 ? weak : shared) + "</LoginCode><VoicemailCode>" + weak +
             "</VoicemailCode><Password>" + weak + "</Password></User>\n";
  }
  codes += "<System GUID=\"g-2\"><Name>office</Name><Telephony><MinimumCodeLength>9</MinimumCodeLength></Telephony><VoIPSecurity>"
           "<DefaultExtensionPassword>" + weak + "</DefaultExtensionPassword></VoIPSecurity><UnsecuredInterfaces><SystemPassword>" + weak +
           "</SystemPassword><MonitorPassword>" + weak + "</MonitorPassword></UnsecuredInterfaces></System>";
  return {
      {"codes.xml", "<response status=\"1\"><data><ws_object>" + codes + "</ws_object></data></response>"},
      {"phones/46xxsettings.txt", "SET TLSSRVR 10.1.1.1\nSET PROCPSWD " + craft + "\nSET ADMIN_PASSWORD " + craft + "\n"},
      {"config.xml", envelope},
      {"again.xml", twice},  // contradicts the first
      {"cut.xml", envelope.substr(0, envelope.find("SIPPassword>") + 16)},
      {"broken.xml", "<response><data><ws_object><User GUID=\"1\"><LoginCode>" + mark + "</Name></User><Password " + mark + "></ws_object>"},
      {"users.json", "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":[{\"User\":{\"@GUID\":\"1\",\"Name\":\"anna\",\"LoginCode\":\"" + mark +
                         "\",\"Password\":[\"" + mark + "\",\"" + mark + "\"],\"VoicemailCode\":{\"#text\":\"" + mark + "\"}}}]}}}"},
      {"cut.json", "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":[{\"User\":{\"@GUID\":\"1\",\"LoginCode\":\"" + mark},
      {"46xxsettings.txt", "SET HTTPSRVR 10.1.1.1\nSET SNMPSTRING " + mark + "\nSET PROCPSWD \"" + mark + "\"\nSET ADMIN_PASSWORD \"" + mark +
                               "\nSET NVIKEPSK " + mark + " and more\nGOTO END\nSET SNMPSTRING " + mark + "\nSET FORCE_WEB_ADMIN_PASSWORD " + mark +
                               "\n# END\n"},
      {"trunk.xml", "<Template xmlns=\"urn:SIPTrunk-schema\"><SIPTrunk><ITSPProxy>198.51.100.7</ITSPProxy><Password>" + mark +
                        "</Password><Auth><UserName>x</UserName><Password>" + mark + "</Password></Auth></SIPTrunk></Template>"},
      {"directory.xml", "<corporate_dir xmlns=\"http://www.avaya.com/ipoffice/corporatedirectory\"><data_source>IPOFFICE/8.1(69) 192.168.42.1"
                        "</data_source><pin>" + mark + "</pin><list><name>a</name><numb>1</numb></list></corporate_dir>"},
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
  std::string toml = "[settings]\n\"snmp.community\" = \"" + mark + "\"\n\"snmp.comunity\" = \"" + mark + "\"\n\"security.system_password\" = [\"" + mark + "\"]\n";
  Ran ran = run_program("'" + files[0] + "' --config '" + folder.put("site/ipo-lint.toml", toml) + "'");
  CHECK(ran.status == 2);
  CHECK((ran.out + ran.err).find(mark) == std::string::npos);
}
