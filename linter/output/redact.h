// Source text fit for a report: no password, code or community string is left in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "linter/output/report.h"

namespace ipo {

// The places of a site's secret settings.
std::vector<SourceSpan> secrets_of(const Site& site);

// Every report takes the source text it quotes from here. Masked are the values of secret settings, and, because a
// damaged export yields no settings, whatever follows a name that says password, secret, login code or the like.
class Redaction {
 public:
  // `secrets` are the values of secret settings. Both must outlive it.
  Redaction(const Sources& sources, const std::vector<SourceSpan>& secrets);
  explicit Redaction(const Report& report) : Redaction(report.sources, report.secrets) {}
  ~Redaction();

  // The secrets that overlap the span: sorted, disjoint, not cut to the span.
  std::vector<SourceSpan> secrets_in(SourceSpan span) const;
  // The span's text with "***" in the place of each secret, whatever the secret's length.
  std::string text(SourceSpan span) const;
  // What is said about a place, such as a doubt or a step of a path, without the secrets of the lines it is about.
  std::string about(std::string_view said, SourceSpan span) const;
  void hide_in(std::vector<PathStep>& path, std::vector<Doubt>& doubts) const;

 private:
  class Judged;
  class OfSource;

  const Sources& sources_;
  const std::vector<SourceSpan>& settings_;
  std::unique_ptr<Judged> judged_;                             // one for all of them
  mutable std::vector<std::unique_ptr<OfSource>> of_sources_;  // made when first asked for
};

// Text that may be partly ours, without values that are assigned to the name of a secret ("password=***") and those of such
// options. All that is printed passes here: printable() and JsonWriter see to it.
std::string without_secrets(std::string_view text);

}  // namespace ipo
