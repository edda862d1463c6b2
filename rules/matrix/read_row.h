// A [[row]] of a matrix file; ip-office-9.1.toml describes its keys.
#pragma once

#include "rules/matrix/port_matrix.h"
#include "rules/matrix/toml_table.h"

namespace ipo {

// `document` is the caller's. False where the row has an error other than an unknown key.
bool read_row(const Node& node, MatrixRow& row, std::vector<Note>& errors);

// The keys "id" and "ports" of a row.
void read_id(TomlTable& table, MatrixRow& row);
void read_ports(TomlTable& table, MatrixRow& row);

}  // namespace ipo
