// A whole file in memory, read-only: mapped, or read. Owns the memory; move-only. Views into it live as long
// as the FileMap. A mapped file that another program cuts short while it is used ends the process (SIGBUS);
// one that was read does not.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace coda {

class FileMap {
  public:
    // Fails with not_found, io, or bad_format for a directory. An empty file gives an empty span.
    static Result<FileMap> open(const std::filesystem::path& path);
    // The same, but its bytes are copied to memory of this process now. Fails with exhausted, too.
    static Result<FileMap> read(const std::filesystem::path& path);

    FileMap() = default;
    FileMap(FileMap&& other) noexcept;
    FileMap& operator=(FileMap&& other) noexcept;
    FileMap(const FileMap&) = delete;
    FileMap& operator=(const FileMap&) = delete;
    ~FileMap();

    std::span<const std::byte> bytes() const { return {data_, size_}; }

    // Gives back the memory that a mapped file's pages take; they are read from the file again when touched.
    // Nothing for a file that was read.
    void release_pages() const;

  private:
    const std::byte* data_ = nullptr;
    size_t size_ = 0;
    bool mapped_ = false;
};

// The whole of a small file. Fails when it is larger than `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, size_t limit = size_t{1} << 30);

// Writes to a temporary name beside `path`, syncs, renames: the old file stays whole if anything fails, and
// its permissions are kept. What is no regular file (/dev/stdout, a pipe) is written to directly.
Status write_file_atomic(const std::filesystem::path& path, std::span<const std::byte> bytes);
Status write_file_atomic(const std::filesystem::path& path, const std::string& text);

}  // namespace coda
