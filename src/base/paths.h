// Where Coda keeps its files, by the XDG base directory rules; CODA_DATA_DIR, CODA_CONFIG_DIR, CODA_CACHE_DIR
// and CODA_STATE_DIR each override one. Nothing is created here.
#pragma once

#include <filesystem>

namespace coda::paths {

std::filesystem::path data_dir();    // models: ~/.local/share/coda
std::filesystem::path config_dir();  // coda.toml: ~/.config/coda
std::filesystem::path cache_dir();   // plans, downloads: ~/.cache/coda
std::filesystem::path state_dir();   // database, history: ~/.local/state/coda

// data_dir()/models/<id>, as models.toml names the ids ("whisper-tiny.en").
std::filesystem::path model_dir(const std::string& id);

}  // namespace coda::paths
