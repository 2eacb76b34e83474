// Opening a memory file whatever state it is in: made where it is missing, brought to the newest layout, set
// aside and rebuilt where it is damaged, read only where it cannot be written. Thread safety: pure functions;
// processes that open the same file wait for one another.
#pragma once

#include "memory/database.h"
#include "memory/store.h"

#include <filesystem>
#include <string>

namespace coda::memory {

struct Opened {
    Database database;
    bool writable = true;
    std::string warning;  // for the person: what was set aside, and how much of it came back
};

Result<Opened> open_whole(const std::filesystem::path& path);

// One row of the table facts; with its own id where `with_id`.
Status insert_fact(Database& database, const Fact& fact, bool with_id);

}  // namespace coda::memory
