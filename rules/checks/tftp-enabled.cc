#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

// Reading the directory and the program's own files are ways through the server: where it is off, they are shut.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const auto& [key, what] : {std::pair("tftp.server", "the TFTP server"),
                                    {"tftp.directory_read", "reading the directory by TFTP"},
                                    {"tftp.program_code", "exchanging program code by TFTP"}}) {
      if (host.flag(key) != true || host.flag("tftp.server") == false) continue;
      Finding f = setting_finding(check::tftp_enabled, Level::warning, host, *host.setting(key),
                                  std::string(what) + " is active on " + name_of_host(host) + "; it asks for no password");
      f.rows = {"ip-office/ingress/4"};
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::tftp_enabled = {
    "tftp-enabled", "TFTP of the PBX is active", Level::warning, 5.3, "very-high", {"security", "external/cwe/cwe-306"}, run};

}  // namespace ipo
