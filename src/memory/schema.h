// What memory.db looks like, by version, and the way from each version to the next.
// Thread safety: as the Database's.
#pragma once

#include "memory/database.h"

namespace coda::memory {

constexpr int kSchemaVersion = 2;
constexpr int kApplicationId = 0x436F6461;  // "Coda", in the file's header

// Brings `database` to kSchemaVersion, each step whole or not at all. Fails with unsupported for a file of a
// later version and for a database that is not Coda's.
Status migrate(Database& database);

}  // namespace coda::memory
