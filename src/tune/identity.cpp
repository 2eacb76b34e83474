#include "tune/identity.h"

#include "runtime/backend.h"
#include "runtime/read_bandwidth.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <link.h>

namespace coda::tune {
namespace {

namespace fs = std::filesystem;

// FNV-1a of 64 bits: tells files apart, guards against nobody.
class Hash {
  public:
    void add(const void* data, size_t bytes) {
        const auto* at = static_cast<const unsigned char*>(data);
        for (size_t i = 0; i < bytes; ++i) value_ = (value_ ^ at[i]) * 1099511628211ull;
    }
    void add(const std::string& text) { add(text.data(), text.size() + 1); }
    std::string hex() const { return fmt::format("{:016x}", value_); }

  private:
    uint64_t value_ = 14695981039346656037ull;
};

constexpr int kStretches = 16;
constexpr std::streamsize kStretch = 4096;

void add_file(Hash& hash, const fs::path& file) {
    std::error_code error;
    const uintmax_t size = fs::file_size(file, error);
    hash.add(file.filename().string());
    if (error) return hash.add(std::string("missing"));
    hash.add(&size, sizeof size);
    std::ifstream stream(file, std::ios::binary);
    std::array<char, static_cast<size_t>(kStretch)> bytes{};
    for (int i = 0; i < kStretches; ++i) {
        stream.clear();
        stream.seekg(static_cast<std::streamoff>(size / kStretches * static_cast<uintmax_t>(i)));
        stream.read(bytes.data(), kStretch);
        hash.add(bytes.data(), static_cast<size_t>(stream.gcount()));
    }
}

int take_build_id(dl_phdr_info* info, size_t, void* to) {
    const auto padded = [](size_t size) { return (size + 3) / 4 * 4; };
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) continue;
        const char* at = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
        const char* const end = at + segment.p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof note);
            const char* name = at + sizeof note;
            const char* value = name + padded(note.n_namesz);
            if (value + note.n_descsz > end) break;
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
                auto& hex = *static_cast<std::string*>(to);
                for (size_t b = 0; b < note.n_descsz; ++b)
                    hex += fmt::format("{:02x}", static_cast<unsigned char>(value[b]));
                return 1;
            }
            at = value + padded(note.n_descsz);
        }
    }
    return 1;  // the first object is the program itself; libraries are not asked
}

std::string processor_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        const size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "CPU";
}

}  // namespace

std::string cpu_identity() {
    const int cores = runtime::usable_threads();
    std::string sets;
    for (const std::string& name : runtime::cpu_instruction_sets()) sets += " " + name;
    return fmt::format("{}, {} core{},{}", processor_name(), cores, cores == 1 ? "" : "s", sets);
}

std::string build_identity() {
    std::string hex;
    dl_iterate_phdr(take_build_id, &hex);
    return hex.empty() ? "unknown" : hex;
}

std::string files_identity(const std::vector<fs::path>& paths) {
    Hash hash;
    for (const fs::path& path : paths) {
        std::error_code error;
        std::vector<fs::path> files = {path};
        if (fs::is_directory(path, error)) {
            files.clear();
            for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
                if (at->is_regular_file(error)) files.push_back(at->path());
            std::sort(files.begin(), files.end());
        }
        for (const fs::path& file : files) add_file(hash, file);
        hash.add(std::string("|"));
    }
    return hash.hex();
}

}  // namespace coda::tune
