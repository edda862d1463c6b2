// Which interfaces of a firewall the internet is behind, where nobody says it.
#pragma once

#include <string>
#include <vector>

#include "rules/site/site.h"

namespace ipo {

// A tunnel or container interface, by its name: the PBX's network is behind it only where a rule says so, and what comes
// from it is not the internet.
bool is_tunnel(const std::string& interface);

// One that leads to containers or virtual machines of this machine itself.
bool is_guest(const std::string& interface);

// The ladder of product.md, "Inferring the internet zone", from the masquerading rung down; the first rung that answers
// fills standing.internet. Every conclusion is added to `inferences` with its line.
void infer_internet(Standing& standing, std::vector<Inference>& inferences);

}  // namespace ipo
