#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

constexpr u128 everyone = 0xffffffff;  // 255.255.255.255

// All zeros is what a system has from the start; documents do not agree on whether that admits nobody or everybody.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts) {
    const Setting* writer = host.setting("file_writer.address");
    std::optional<Address> address = writer ? parse_address(writer->value.value) : std::nullopt;
    if (!address) continue;
    bool any = address->family == Family::ipv4 && address->value == everyone, unset = address->value == 0;
    if (!any && !unset && !is_public(*address)) continue;
    std::string who = any     ? "anyone"
                      : unset ? "anyone, if 0.0.0.0 is read as any address,"
                              : format_address(*address) + " on the internet";
    Finding f = setting_finding(check::file_writer_open, unset ? Level::note : Level::warning, host, *writer,
                                who + " may write files to " + name_of_host(host) + " by HTTP and TFTP");
    if (unset) {
      f.certainty = Certainty::possible;
      f.doubt.push_back({"what 0.0.0.0 means here depends on the release", writer->value.span});
    }
    f.rows = {"ip-office/ingress/4", "ip-office/ingress/5"};
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::file_writer_open = {"file-writer-open",
                                       "files of the PBX can be written from anywhere",
                                       Level::warning,
                                       6.5,
                                       "high",
                                       {"security", "external/cwe/cwe-284"},
                                       run};

}  // namespace ipo
