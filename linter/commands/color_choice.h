#pragma once

namespace ipo {

// --color: whether a text is coloured; automatic = where it goes to a terminal that wants it.
enum class ColorChoice { automatic, always, never };

}  // namespace ipo
