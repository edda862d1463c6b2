#include "rules/findings/common_service.h"

#include "rules/findings/exposure_findings.h"

namespace ipo {

Grade grade_common_service(const Judgement&, const Exposed& exposed) {
  const Opening& o = *exposed.opening;
  return {!o.located() && o.passage->hook == Hook::input ? Level::note : Level::warning};
}

}  // namespace ipo
