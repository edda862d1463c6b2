# Writes FILES into OUT as `std::span<const EmbeddedText> FUNCTION()`: bytes as numbers, so no quoting can go wrong.
set(arrays "")
set(entries "")
set(i 0)
list(SORT FILES)
foreach(file ${FILES})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  get_filename_component(name ${file} NAME)
  string(APPEND arrays "constexpr char text_${i}[] = {${bytes}'\\0'};\n")
  string(APPEND entries "  {\"${name}\", {text_${i}, sizeof text_${i} - 1}},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "#include <array>\n#include \"parsers/text/embedded.h\"\nnamespace ipo {\nnamespace {\n${arrays}"
     "constexpr std::array<EmbeddedText, ${i}> texts = {{\n${entries}}};\n}\n"
     "std::span<const EmbeddedText> ${FUNCTION}() { return texts; }\n}\n")
