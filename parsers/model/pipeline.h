// The decisions a machine takes about a packet, in its own order: data that a dialect fills in and everybody else walks.
//
// Netfilter's tables and priorities are one such order (parsers/netfilter). Nothing above parsers/ asks for a table's name.
#pragma once

#include <cstddef>
#include <vector>

#include "parsers/model/packet.h"

namespace ipo {

// One decision point. Packets that its chain accepts go on to the next.
//
// A chain sees packets as they are when they come to it. Where a machine's filter sees the destination they were sent to, whatever
// was translated since, its rules ask for Field::original_destination and original_port.
struct Stage {
  enum class Kind : std::uint8_t {
    filter,                 // may drop, mark, leave untracked
    translate_destination,  // only the first packet of a connection comes to it
    translate_source        // says nothing about what passes
  };
  Kind kind = Kind::filter;
  Hook where = Hook::input;
  int order = 0;          // stages of one place run in the order of these numbers
  std::size_t chain = 0;  // index into Ruleset::chains
  // Its rules are those that say what passes: without such a stage on a packet's way nothing is known of its verdict. Where there
  // are several all must accept; the last one with a rule that does is who lets the packet pass, else the last policy.
  bool last_word = false;
  bool tracked = true;  // the state of a packet's connection is known here

  // Packets that go the way of the hook input, forward or output may be stopped or changed here.
  bool is_on(Hook way) const {
    return kind != Kind::translate_source && (where == way || (where == Hook::prerouting && way != Hook::output));
  }
  bool meets(State state) const { return kind == Kind::filter || state == State::new_; }
  // The state its rules see. Where none is known yet, every packet but an untracked one is INVALID to them (xt_conntrack.c).
  State shown(State state) const { return tracked || state == State::untracked ? state : State::invalid; }
};

struct Pipeline {
  std::vector<Stage> stages;  // in the order they run: by place, then by their numbers
  // Packets of known connections, and what is related to them, come to no stage: they pass.
  bool replies_pass = false;

  void add(Stage stage);  // behind those of the same place and number
  bool passes_unasked(State state) const { return replies_pass && (state == State::established || state == State::related); }
  // The last stage with a last word on a way; null where there is none.
  const Stage* last_word(Hook way) const;
};

}  // namespace ipo
