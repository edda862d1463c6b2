// Everything a check may look at: the site as read and as concluded, the matrix, and what the engine found.
#pragma once

#include <string>
#include <vector>

#include "rules/engine/shadows.h"
#include "rules/exposure/exposure.h"
#include "rules/findings/ignores.h"
#include "rules/matrix/port_matrix.h"
#include "rules/site/site.h"

namespace ipo {

struct User;         // rules/findings/users.h
struct OpenedMedia;  // rules/findings/opened_media.h

struct Judgement {
  const Sources& sources;
  const Site& site;
  const SiteFile& declared;
  const PortMatrix& matrix;
  const Exposure& exposure;
  const std::vector<User>& users;  // users_of the site
  std::size_t longest_own_number;  // of the site and its users
  const std::vector<Shadow>& shadows;
  const std::vector<OpenedMedia>& opened_media;  // opened_media of the exposure
  const std::vector<IgnoreUse>& ignores;
  // The release declared or exported, if it has no matrix of its own; the newest matrix is used then.
  const Located<Release>* release_without_matrix = nullptr;
  bool group = true;  // findings of one check, line and zone are one
};

}  // namespace ipo
