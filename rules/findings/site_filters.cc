#include "rules/findings/site_filters.h"

namespace ipo {

bool is_filtered(const Judgement& judgement, const Host& host) {
  for (const auto& passage : judgement.exposure.passages()) {
    bool its_own = passage->at->protects_itself && passage->at->runs_on(host);
    if (its_own || (passage->host == &host && passage->inbound)) return true;
  }
  return false;
}

bool is_linux(const Host& host) {
  return host.platform == "server-edition" || host.platform == "application-server" || host.platform == "virtual";
}

}  // namespace ipo
