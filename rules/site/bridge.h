// A firewall that is a bridge: its packets come and leave by one interface, and rules tell the sides apart by the ports of the bridge.
#pragma once

#include "parsers/model/packet.h"
#include "rules/site/site.h"

namespace ipo {

// Fills in the ports of the standing: a port is outer where rules let public sources or packets for the PBX come in by it, inner where
// they let the PBX's own; of two ports that are named the other one follows.
void find_bridge_ports(Standing& standing, const Site& site);

// The match holds only for what a bridge passes on, from one of its ports to another: what routing sends has no port to leave by yet.
bool is_of_bridged(const Subject& about);

// Gives a packet of a bridge whose own name no rule says, so that it stands under that of a port, the ports it comes in and leaves by.
void name_by_ports(const Standing& standing, bool inbound, Packet& packet);

// What a match on bridge ports says of every packet that goes in from outside to the PBX, or out; nothing where that is not known.
std::optional<bool> of_bridge(const Standing& standing, const Subject& about, bool inbound);

}  // namespace ipo
