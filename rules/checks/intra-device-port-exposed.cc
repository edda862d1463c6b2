#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::intra_device_port_exposed, "internal");
}

}  // namespace

const Check check::intra_device_port_exposed = {
    "intra-device-port-exposed",
    "a port the vendor means for the inside of the machine is reachable from the internet",
    Level::error,
    8.2,
    "high",
    {"security", "external/cwe/cwe-749", "external/cwe/cwe-923"},
    run,
    false,
    {"ip-office/intra/1", "ip-office/intra/2", "ip-office/intra/3", "ip-office/intra/4", "ip-office/intra/5", "ip-office/intra/6",
     "ip-office/intra/7", "ip-office/intra/8", "one-x-portal/intra/1", "one-x-portal/intra/2"}};

}  // namespace ipo
