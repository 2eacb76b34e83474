#include "base/file_map.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coda {
namespace {

Error io_error(const std::filesystem::path& path, const char* doing) {
    const int code = errno;
    Error error{code == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                std::string(doing) + ": " + std::strerror(code),
                path.string(),
                {}};
    if (code == ENOENT) error.what = "no such file";
    if (code == ENOSPC || code == EDQUOT) {
        error.code = ErrorCode::exhausted;
        error.mend = "free some disk space and try again";
    }
    if (code == EACCES) error.mend = "check the permissions";
    return error;
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    // Closes now, so that a delayed write error is seen.
    int close() { return ::close(std::exchange(fd_, -1)); }

  private:
    int fd_;
};

// Without O_NONBLOCK the opening of a pipe that nobody writes to would never return.
int open_for_reading(const std::filesystem::path& path) {
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

bool write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return true;
}

// A device or a pipe has no name to swap: it gets the bytes directly.
Status write_special_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0 || !write_all(fd.get(), bytes) || fd.close() != 0) {
        return tl::unexpected(io_error(path, "cannot write"));
    }
    return {};
}

Result<size_t> regular_file_size(int fd, const std::filesystem::path& path) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return tl::unexpected(io_error(path, "cannot read its size"));
    if (S_ISDIR(info.st_mode))
        return fail(ErrorCode::bad_format, "is a directory, not a file", path.string());
    if (!S_ISREG(info.st_mode)) return fail(ErrorCode::bad_format, "is not a regular file", path.string());
    return static_cast<size_t>(info.st_size);
}

}  // namespace

Result<FileMap> FileMap::open(const std::filesystem::path& path) {
    Descriptor fd(open_for_reading(path));
    if (fd.get() < 0) return tl::unexpected(io_error(path, "cannot open"));
    CODA_TRY(const size_t size, regular_file_size(fd.get(), path));
    FileMap map;
    if (size == 0) return map;
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (data == MAP_FAILED) return tl::unexpected(io_error(path, "cannot map"));
    map.data_ = static_cast<const std::byte*>(data);
    map.size_ = size;
    map.mapped_ = true;
    return map;
}

Result<FileMap> FileMap::read(const std::filesystem::path& path) {
    Descriptor fd(open_for_reading(path));
    if (fd.get() < 0) return tl::unexpected(io_error(path, "cannot open"));
    CODA_TRY(const size_t size, regular_file_size(fd.get(), path));
    FileMap map;
    if (size == 0) return map;
    void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        return fail(ErrorCode::exhausted, "no memory for its " + std::to_string(size) + " bytes",
                    path.string(), "close other programs, or let it be mapped");
    map.data_ = static_cast<const std::byte*>(data);
    map.size_ = size;
    madvise(data, size, MADV_HUGEPAGE);
    for (size_t done = 0; done < size;) {
        const ssize_t count = ::read(fd.get(), static_cast<std::byte*>(data) + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return tl::unexpected(io_error(path, "cannot read"));
        if (count == 0) return fail(ErrorCode::io, "was cut short while it was read", path.string());
        done += static_cast<size_t>(count);
    }
    mprotect(data, size, PROT_READ);
    return map;
}

FileMap::FileMap(FileMap&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(other.mapped_) {}

FileMap& FileMap::operator=(FileMap&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
    return *this;
}

void FileMap::release_pages() const {
    if (mapped_) madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

FileMap::~FileMap() {
    if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

Result<std::string> read_file(const std::filesystem::path& path, size_t limit) {
    Descriptor fd(open_for_reading(path));
    if (fd.get() < 0) return tl::unexpected(io_error(path, "cannot open"));
    CODA_TRY(const size_t size, regular_file_size(fd.get(), path));
    if (size > limit)
        return fail(ErrorCode::exhausted, "is larger than the limit of " + std::to_string(limit) + " bytes",
                    path.string());
    std::string text(size, '\0');
    size_t done = 0;
    while (done < size) {
        const ssize_t count = ::read(fd.get(), text.data() + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return tl::unexpected(io_error(path, "cannot read"));
        if (count == 0) break;
        done += static_cast<size_t>(count);
    }
    text.resize(done);
    return text;
}

Status write_file_atomic(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    struct stat existing {};
    const bool exists = ::stat(path.c_str(), &existing) == 0;
    if (exists && S_ISDIR(existing.st_mode)) return fail(ErrorCode::io, "is a directory", path.string());
    if (exists && !S_ISREG(existing.st_mode)) return write_special_file(path, bytes);
    std::error_code unresolved;
    const std::filesystem::path resolved = exists ? std::filesystem::canonical(path, unresolved) : path;
    const std::filesystem::path target = unresolved ? path : resolved;  // a link stays a link

    const std::filesystem::path temporary = target.string() + ".part";
    const mode_t mode = exists ? existing.st_mode & 07777 : 0644;
    Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (fd.get() < 0) return tl::unexpected(io_error(path, "cannot write"));
    auto give_up = [&](const char* doing) {
        Error error = io_error(path, doing);
        ::unlink(temporary.c_str());
        return tl::unexpected(std::move(error));
    };
    if (exists && fchmod(fd.get(), mode) != 0) return give_up("cannot keep the permissions");
    if (!write_all(fd.get(), bytes)) return give_up("cannot write");
    if (fsync(fd.get()) != 0) return give_up("cannot write");
    if (fd.close() != 0) return give_up("cannot write");
    if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up("cannot rename into place");
    return {};
}

Status write_file_atomic(const std::filesystem::path& path, const std::string& text) {
    return write_file_atomic(path, std::as_bytes(std::span(text)));
}

}  // namespace coda
