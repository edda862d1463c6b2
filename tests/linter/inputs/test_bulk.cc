// Many sites in one run: which files belong together, and that the report depends on nothing but the files.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "linter/inputs/input_files.h"
#include "linter/sites.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;

namespace {

std::string config(unsigned site) {
  return "<response status=\"1\"><data><ws_object><System GUID=\"" + std::to_string(site) + "\"><Name>shop-" +
         std::to_string(site) + "</Name><LANS><LAN id=\"LAN1\"><IPAddress>10." + std::to_string(site / 250) + "." +
         std::to_string(site % 250) + ".1</IPAddress></LAN></LANS></System></ws_object></data></response>\n";
}

std::string rules(unsigned site, unsigned port) {
  std::string pbx = "10." + std::to_string(site / 250) + "." + std::to_string(site % 250) + ".1";
  return "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A PREROUTING -i eth0 -p udp -m udp --dport " +
         std::to_string(port) + " -j DNAT --to-destination " + pbx +
         "\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n"
         ":FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -i eth0 -o eth1 -m conntrack --ctstate DNAT -j "
         "ACCEPT\nCOMMIT\n";
}

// The sites of a folder: their names, with the files of each.
std::vector<std::string> grouped(const Folder& folder, const std::string& named) {
  std::istringstream nothing;
  std::vector<std::string> out;
  std::string base = folder.path.string() + "/";
  for (const SiteInputs& site : group_sites(read_inputs({named}, false, nothing).inputs, "")) {
    std::string line = site.name.starts_with(base) ? site.name.substr(base.size()) : site.name == folder.path ? "." : site.name;
    line += ":";
    for (const Input& input : site.inputs) line += " " + input.path.substr(base.size());
    out.push_back(line);
  }
  return out;
}

}  // namespace

TEST_CASE("bulk: a folder with several exports is a site for each, and for each folder outside them") {
  Folder folder;
  folder.put(".git/keep", "");
  std::string dump = rules(1, 69);
  folder.put("tree/a/config.xml", config(1));
  folder.put("tree/a/fw/router.rules", dump);
  folder.put("tree/b/pbx/config.xml", config(2));
  folder.put("tree/b/router.rules", dump);
  folder.put("tree/spare/one/fw.rules", dump);
  folder.put("tree/spare/two/fw.rules", dump);
  folder.put("tree/spare/two/fw6.rules", dump);
  folder.put("tree/top.rules", dump);
  std::vector<std::string> expected = {"tree/a: tree/a/config.xml tree/a/fw/router.rules",
                                       "tree/b: tree/b/pbx/config.xml tree/b/router.rules",
                                       "tree/spare/one: tree/spare/one/fw.rules",
                                       "tree/spare/two: tree/spare/two/fw.rules tree/spare/two/fw6.rules", "tree: tree/top.rules"};
  CHECK(grouped(folder, (folder.path / "tree").string()) == expected);
  CHECK(grouped(folder, (folder.path / "tree").string() + "/") == expected);
  // One export and no site file: all of it is one site.
  CHECK(grouped(folder, (folder.path / "tree/b").string()) ==
        std::vector<std::string>{": tree/b/pbx/config.xml tree/b/router.rules"});
  CHECK(grouped(folder, (folder.path / "tree/spare").string()) ==
        std::vector<std::string>{": tree/spare/one/fw.rules tree/spare/two/fw.rules tree/spare/two/fw6.rules"});
}

TEST_CASE("bulk: sites with and without a site file in one tree do not mix") {
  Folder folder;
  folder.put(".git/keep", "");
  for (unsigned i = 1; i <= 4; ++i) {
    std::string site = "tree/s" + std::to_string(i) + "/";
    folder.put(site + "config.xml", config(i));
    folder.put(site + "fw.rules", rules(i, 69));
    if (i == 2) folder.put(site + "ipo-lint.toml", "[checks]\ntftp-exposed = \"off\"\n");
  }
  CHECK(grouped(folder, (folder.path / "tree").string()) ==
        std::vector<std::string>{"tree/s1: tree/s1/config.xml tree/s1/fw.rules", "tree/s2: tree/s2/config.xml tree/s2/fw.rules",
                                 "tree/s3: tree/s3/config.xml tree/s3/fw.rules", "tree/s4: tree/s4/config.xml tree/s4/fw.rules"});
  // A site file at the top governs all that is below it and has none nearer.
  folder.put("tree/ipo-lint.toml", "");
  CHECK(grouped(folder, (folder.path / "tree").string()) ==
        std::vector<std::string>{"tree: tree/s1/config.xml tree/s1/fw.rules tree/s3/config.xml tree/s3/fw.rules "
                                 "tree/s4/config.xml tree/s4/fw.rules",
                                 "tree/s2: tree/s2/config.xml tree/s2/fw.rules"});
}

TEST_CASE("bulk: an export in a folder above another's, and files beside them") {
  Folder folder;
  folder.put(".git/keep", "");
  folder.put("tree/config.xml", config(1));
  folder.put("tree/fw.rules", rules(1, 69));
  folder.put("tree/branch/config.xml", config(2));
  folder.put("tree/branch/deep/fw.rules", rules(2, 69));
  folder.put("tree/more/fw.rules", rules(1, 69));
  CHECK(grouped(folder, (folder.path / "tree").string()) ==
        std::vector<std::string>{"tree/branch: tree/branch/config.xml tree/branch/deep/fw.rules",
                                 "tree: tree/config.xml tree/fw.rules tree/more/fw.rules"});
}

TEST_CASE("bulk: reports are the same bytes for any number of jobs, in the order of the sites") {
  Folder folder;
  folder.put(".git/keep", "");
  std::mt19937 random(7);
  const unsigned ports[] = {69, 161, 5060, 50794, 50804, 12345, 1};
  for (unsigned i = 0; i < 40; ++i) {
    std::string site = "tree/site-" + std::string(i < 10 ? "0" : "") + std::to_string(i) + "/";
    folder.put(site + "config.xml", config(i));
    folder.put(site + "router.rules", rules(i, ports[random() % 7]));
    if (i % 3 == 0)
      folder.put(site + "ipo-lint.toml",
                 i % 2 ? "[checks]\ntftp-exposed = \"note\"\n" : "[zones.internet]\ninterfaces = [\"eth0\"]\n");
  }
  std::string tree = "'" + (folder.path / "tree").string() + "'";
  for (const char* format : {"text", "json", "sarif"}) {
    Ran one = run_program(tree + " -j1 --format " + format);
    INFO(format);
    CHECK(one.status == 1);
    CHECK(one.err.empty());
    for (const char* jobs : {"-j2", "-j7"}) {
      Ran many = run_program(tree + " " + jobs + " --format " + format);
      CHECK(many.status == one.status);
      CHECK(many.out == one.out);
    }
  }
  std::string out = run_program(tree + " -j3").out;
  std::size_t at = 0;
  for (unsigned i = 0; i < 40 && at != out.npos; ++i)
    at = out.find("site-" + std::string(i < 10 ? "0" : "") + std::to_string(i), at);
  CHECK(at != out.npos);

  // A site whose file is wrong takes down itself only.
  folder.put("tree/site-05/ipo-lint.toml", "[zones.itsp]\ninterface = [\"eth9\"]\n");
  for (const char* jobs : {"-j1", "-j7"}) {
    Ran ran = run_program(tree + " --format json " + jobs);
    CHECK(ran.status == 2);
    CHECK(ran.err.find("site-05/ipo-lint.toml:2:1: ") != std::string::npos);
    CHECK(ran.out.find("site-04/router.rules") != std::string::npos);
    CHECK(ran.out.find("site-05/router.rules") == std::string::npos);
    CHECK(ran.out.find("site-06/router.rules") != std::string::npos);
    CHECK(ran.out.find("site-39/router.rules") != std::string::npos);
  }
  // So does one with an empty dump, and the run is incomplete.
  folder.put("tree/site-07/empty.rules", "*filter\n");
  CHECK(run_program(tree + " --format json -j7").out == run_program(tree + " --format json -j1").out);
}

namespace {

struct Broken {
  const char* what;
  std::string toml;
  std::vector<std::string> said;  // on standard error, in order
};

}  // namespace

TEST_CASE("bulk: what a site file gets wrong is a usage error with its places, and no report") {
  const Broken cases[] = {
      {"zones that claim the same",
       "[zones.a]\nkind = \"itsp\"\nsources = [\"198.51.100.0/28\"]\n[zones.b]\nkind = \"partner\"\nsources = "
       "[\"198.51.100.8/29\"]\n",
       {"ipo-lint.toml:6:", "ipo-lint.toml:3:"}},
      {"unknown key", "[calls]\ntrunks = \"itsp\"\n", {"ipo-lint.toml:2:1: ", "trunks"}},
      {"wrong type", "release = 9.1\n", {"ipo-lint.toml:1:"}},
      {"a file that extends itself", "extends = \"ipo-lint.toml\"\n", {"ipo-lint.toml:1:11: ", "extends itself"}},
      {"no date", "[[ignore]]\ncheck = \"tftp-exposed\"\nreason = \"lab\"\nuntil = \"2027-02-30\"\n", {"ipo-lint.toml:4:"}},
      {"a host nobody knows",
       "[[host]]\nname = \"ipo1\"\n[[firewall]]\nfiles = [\"fw.rules\"]\nrole = \"host\"\nhost = \"ipo2\"\n",
       {"ipo-lint.toml:6:", "ipo2"}},
      {"a zone nobody knows", "[calls]\ntrunk = { zone = \"itps\" }\n", {"ipo-lint.toml:2:", "itps"}},
      {"an unknown check", "[checks]\ntftp-expose = \"off\"\n", {"ipo-lint.toml:2:1: ", "tftp-exposed"}},
  };
  for (const Broken& broken : cases) {
    Folder folder;
    folder.put(".git/keep", "");
    folder.put("config.xml", config(1));
    folder.put("fw.rules", rules(1, 69));
    folder.put("ipo-lint.toml", broken.toml);
    Ran ran = run_program("'" + folder.path.string() + "'");
    INFO(broken.what << "\n" << ran.err);
    CHECK(ran.status == 2);
    CHECK(ran.out.empty());
    std::size_t at = 0;
    for (const std::string& part : broken.said) {
      at = ran.err.find(part, at);
      INFO(part);
      CHECK(at != std::string::npos);
      if (at == std::string::npos) break;
    }
  }
}

TEST_CASE("bulk: site files that extend one another in a circle name both places") {
  Folder folder;
  folder.put(".git/keep", "");
  folder.put("fw.rules", rules(1, 69));
  folder.put("ipo-lint.toml", "extends = \"shared.toml\"\n");
  folder.put("shared.toml", "\nextends = \"ipo-lint.toml\"\n");
  Ran ran = run_program("'" + folder.path.string() + "'");
  CHECK(ran.status == 2);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("shared.toml:2:11: ") != std::string::npos);
  CHECK(ran.err.find("ipo-lint.toml:1:11: ") != std::string::npos);
}

TEST_CASE("bulk: every report says which site was not judged") {
  Folder folder;
  for (unsigned site = 0; site < 3; ++site) {
    std::string name = "shops/shop-" + std::to_string(site);
    folder.put(name + "/config.xml", config(site));
    folder.put(name + "/edge.rules", rules(site, 69));
  }
  folder.put("shops/shop-1/ipo-lint.toml", "[zones.voice]\nkind = \"phones\"\ninterfaces = [\"eth1\"]\n");
  std::string out = folder.path.string();
  Ran ran =
      run_program("'" + out + "/shops' --format text --format json='" + out + "/r.json' --format sarif='" + out + "/r.sarif'");
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Catch::Contains("ipo-lint.toml:2:8: "));
  CHECK_THAT(ran.out, Catch::Contains("not judged: its site file has errors"));
  CHECK_THAT(ran.out, Catch::Contains("of 3 sites") && Catch::Contains("; 1 site not judged"));
  CHECK(ran.out.find("incomplete") == std::string::npos);
  auto json = nlohmann::json::parse(slurp(folder.path / "r.json"));
  CHECK(json["complete"] == false);
  CHECK(json["errors"].size() == 1);
  CHECK(json["problems"].empty());
  CHECK(json["sites"][1]["complete"] == false);
  CHECK(json["sites"][2]["errors"] == 1);
  auto sarif = nlohmann::json::parse(slurp(folder.path / "r.sarif"));
  auto invocation = sarif["runs"][0]["invocations"][0];
  CHECK(invocation["executionSuccessful"] == false);
  CHECK_THAT(invocation["toolExecutionNotifications"][0]["message"]["text"].get<std::string>(), Catch::Contains("phones"));
}

TEST_CASE("bulk: what is secret in one site's file is hidden, whichever site it is, and doubts keep their places") {
  Folder folder;
  folder.put(".git/keep", "");
  for (unsigned site = 0; site < 3; ++site) {
    std::string name = "shop-" + std::to_string(site), own = std::to_string(site), line = config(site);
    line.replace(line.find("</System>"), 9,
                 "<SNMP><Enabled>perhaps</Enabled></SNMP><FlashDriveSerial>tulip-" + own + "</FlashDriveSerial></System>");
    std::string user = "<User GUID=\"u" + own;
    line.replace(line.find("</ws_object>"), 12,
                 "</ws_object><ws_object>" + user + "1\"><Name>anna</Name><Extension>201</Extension></User>" + user +
                     "2\"><Name>bert</Name><Extension>201</Extension><Motto>marigold-" + own + "</Motto></User></ws_object>");
    folder.put(name + "/config.xml", line);
    std::string dump = rules(site, 69);
    folder.put(name + "/edge.rules", dump.replace(dump.rfind("ACCEPT"), 6, "WEIRD"));
    folder.put(name + "/ipo-lint.toml",
               "[[field]]\npath = 'System/FlashDriveSerial'\nkey = \"system.display_name\"\nsecret = true\n"
               "[[field]]\npath = 'User/Motto'\nkey = \"user.sip_name\"\nsecret = true\n");
  }
  Ran text = run_program("'" + folder.path.string() + "' --format text --format json='" + (folder.path / "r.json").string() + "'");
  CHECK_THAT(text.out, Catch::Contains("shop-2/config.xml:1:"));
  for (const std::string& report : {text.out, slurp(folder.path / "r.json")}) {
    CHECK(report.find("tulip-") == std::string::npos);
    CHECK(report.find("marigold-") == std::string::npos);
  }
  std::size_t doubted = 0;
  auto json = nlohmann::json::parse(slurp(folder.path / "r.json"));
  for (const auto& finding : json["findings"])
    for (const auto& doubt : finding["doubt"]) {
      ++doubted;
      CHECK(doubt["file"] == finding["file"]);
    }
  CHECK(doubted >= 3);
}
