#include "audio/wav.h"

#include "base/file_map.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coda::audio {
namespace {

constexpr uint16_t kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;
constexpr uint32_t kMinRate = 100, kMaxRate = 1'000'000;
// sox writes 0x7FFFF000, arecord 0x80000000, ffmpeg 0xFFFFFFFF where the length is not known in advance.
constexpr uint32_t kUnknownSizeFrom = 0x7FFFF000;
constexpr size_t kPipeLimit = size_t{1} << 30;
constexpr size_t kHeaderBytes = 44;
constexpr const char* kConvert = "convert it, for example: ffmpeg -i IN -c:a pcm_s16le OUT.wav";

using Bytes = std::span<const std::byte>;

template <class T>
T little_endian(const std::byte* at) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<T>(at[i]) << (8 * i));
    return value;
}

bool has_tag(Bytes bytes, size_t offset, const char* tag) {
    return bytes.size() >= offset + 4 && std::memcmp(bytes.data() + offset, tag, 4) == 0;
}

struct Format {
    uint16_t channels = 0;
    uint32_t rate = 0;
    uint16_t sample_bytes = 0;  // of one channel's container
    bool is_float = false;
    size_t frame_bytes() const { return size_t{channels} * sample_bytes; }
};

const char* codec_name(uint16_t tag) {
    switch (tag) {
        case 2:
            return "Microsoft ADPCM";
        case 6:
            return "A-law";
        case 7:
            return "mu-law";
        case 0x11:
            return "IMA ADPCM";
        case 0x31:
            return "GSM 6.10";
        case 0x55:
            return "MP3";
        default:
            return "a codec unknown here";
    }
}

// The real format tag of a WAVE_FORMAT_EXTENSIBLE chunk: the first two bytes of its GUID, if the rest is the
// well-known suffix.
Result<uint16_t> extensible_tag(Bytes chunk, const std::string& where) {
    static constexpr std::array<uint8_t, 14> kSuffix = {0, 0, 0,    0, 0x10, 0,    0x80,
                                                        0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};
    if (chunk.size() < 40)
        return fail(ErrorCode::bad_format,
                    fmt::format("an extensible format needs 40 bytes, the chunk has {}", chunk.size()), where,
                    kConvert);
    if (std::memcmp(chunk.data() + 26, kSuffix.data(), kSuffix.size()) != 0)
        return fail(ErrorCode::unsupported, "its sub-format is no PCM", where, kConvert);
    return little_endian<uint16_t>(chunk.data() + 24);
}

Result<Format> parse_format(Bytes chunk, const std::string& where) {
    if (chunk.size() < 16)
        return fail(ErrorCode::bad_format, fmt::format("needs 16 bytes, the chunk has {}", chunk.size()),
                    where, kConvert);
    uint16_t tag = little_endian<uint16_t>(chunk.data());
    if (tag == kExtensible) {
        CODA_TRY(tag, extensible_tag(chunk, where));
    }
    if (tag != kPcm && tag != kFloat)
        return fail(ErrorCode::unsupported, fmt::format("format {} ({}) is no PCM", tag, codec_name(tag)),
                    where, kConvert);

    Format format;
    format.is_float = tag == kFloat;
    format.channels = little_endian<uint16_t>(chunk.data() + 2);
    format.rate = little_endian<uint32_t>(chunk.data() + 4);
    const uint16_t block = little_endian<uint16_t>(chunk.data() + 12);
    const uint16_t bits = little_endian<uint16_t>(chunk.data() + 14);
    if (format.channels == 0) return fail(ErrorCode::bad_format, "has 0 channels", where, kConvert);
    if (format.rate < kMinRate || format.rate > kMaxRate)
        return fail(
            ErrorCode::bad_format,
            fmt::format("a sample rate of {} Hz lies outside {} to {}", format.rate, kMinRate, kMaxRate),
            where, kConvert);
    // The container may be wider than the samples (24 bits in 4 bytes); they then fill its upper bits.
    format.sample_bytes = static_cast<uint16_t>(block / format.channels);
    if (block % format.channels != 0 || format.sample_bytes * 8 < bits)
        return fail(ErrorCode::bad_format,
                    fmt::format("{} channels of {} bits do not fit a block of {} bytes", format.channels,
                                bits, block),
                    where, kConvert);
    const bool known = bits > 0 && (format.is_float ? (bits == 32 && format.sample_bytes == 4) ||
                                                          (bits == 64 && format.sample_bytes == 8)
                                                    : format.sample_bytes >= 1 && format.sample_bytes <= 4);
    if (!known)
        return fail(ErrorCode::unsupported,
                    fmt::format("{}-bit {} samples in {} bytes", bits, format.is_float ? "float" : "integer",
                                format.sample_bytes),
                    where, kConvert);
    return format;
}

// Where the audio lies, and how much was promised beyond the end of the file.
struct Layout {
    Format format;
    Bytes data;
    uint64_t missing = 0;
};

// True if `rest` is nothing but whole chunks, so that a data chunk of size 0 before it is truly empty.
bool is_chunk_chain(Bytes rest) {
    while (rest.size() >= 8) {
        const uint64_t size = little_endian<uint32_t>(rest.data() + 4);
        const bool printable = std::all_of(rest.begin(), rest.begin() + 4, [](std::byte b) {
            return static_cast<uint8_t>(b) >= 0x20 && static_cast<uint8_t>(b) < 0x7F;
        });
        if (!printable || size > rest.size() - 8) return false;
        rest = rest.subspan(std::min<uint64_t>(8 + size + size % 2, rest.size()));
    }
    return rest.empty();
}

void set_data(Layout& layout, Bytes rest, uint32_t declared, std::optional<uint64_t> size64) {
    uint64_t size = declared;
    if (size64 && declared == 0xFFFFFFFF)
        size = *size64;
    else if (declared == 0)
        size = is_chunk_chain(rest) ? 0 : rest.size();
    else if (declared >= kUnknownSizeFrom)
        size = std::min<uint64_t>(declared, rest.size());
    layout.data = rest.first(std::min<uint64_t>(size, rest.size()));
    layout.missing = size - layout.data.size();
}

Status check_is_wav(Bytes bytes, const std::string& name) {
    if (bytes.empty()) return fail(ErrorCode::bad_format, "the file is empty", name, "pass a WAV file");
    if (has_tag(bytes, 0, "RIFX"))
        return fail(ErrorCode::unsupported, "is a big-endian WAV (RIFX)", name, kConvert);
    if (bytes.size() >= 4 && !has_tag(bytes, 0, "RIFF") && !has_tag(bytes, 0, "RF64"))
        return fail(ErrorCode::bad_format, "is no WAV file (does not begin with RIFF)", name, kConvert);
    if (bytes.size() >= 12 && !has_tag(bytes, 8, "WAVE"))
        return fail(ErrorCode::bad_format, "is a RIFF file, but no WAVE", name, kConvert);
    if (bytes.size() < 12)
        return fail(ErrorCode::bad_format,
                    fmt::format("ends after {} bytes, within the header", bytes.size()), name,
                    "the file is cut short; get it again");
    return {};
}

Result<Layout> find_audio(Bytes bytes, const std::string& name) {
    CODA_CHECK(check_is_wav(bytes, name));
    std::optional<Format> format;
    std::optional<uint64_t> size64;
    size_t at = 12;
    while (bytes.size() - at >= 8) {
        const uint32_t size = little_endian<uint32_t>(bytes.data() + at + 4);
        const Bytes rest = bytes.subspan(at + 8);
        const bool is_data = has_tag(bytes, at, "data");
        if (is_data && format) {
            Layout layout{*format, {}, 0};
            set_data(layout, rest, size, size64);
            return layout;
        }
        if (is_data)
            return fail(ErrorCode::bad_format, "has its data chunk before the fmt chunk",
                        fmt::format("{}: byte {}", name, at), kConvert);
        if (size > rest.size()) break;
        if (has_tag(bytes, at, "fmt ")) {
            CODA_TRY(format,
                     parse_format(rest.first(size), fmt::format("{}: fmt chunk at byte {}", name, at)));
        } else if (has_tag(bytes, at, "ds64") && size >= 16) {
            size64 = little_endian<uint64_t>(rest.data() + 8);
        }
        at += 8 + std::min<size_t>(size_t{size} + size % 2, rest.size());
    }
    return fail(ErrorCode::bad_format,
                fmt::format("ends after {} bytes without a {} chunk", bytes.size(), format ? "data" : "fmt"),
                name, "the file is cut short; get it again");
}

float finite_unit(double value) {
    return std::isnan(value) ? 0.0F : static_cast<float>(std::clamp(value, -1.0, 1.0));
}

float decode_u8(const std::byte* at) {
    return (static_cast<float>(*at) - 128.0F) / 128.0F;
}
float decode_s16(const std::byte* at) {
    return static_cast<int16_t>(little_endian<uint16_t>(at)) / 32768.0F;
}
float decode_s24(const std::byte* at) {
    const uint32_t raw = (little_endian<uint16_t>(at) | static_cast<uint32_t>(at[2]) << 16) << 8;
    return static_cast<float>(static_cast<int32_t>(raw)) / 2147483648.0F;
}
float decode_s32(const std::byte* at) {
    return static_cast<float>(static_cast<int32_t>(little_endian<uint32_t>(at))) / 2147483648.0F;
}
float decode_f32(const std::byte* at) {
    float value;
    std::memcpy(&value, at, sizeof value);
    return finite_unit(value);
}
float decode_f64(const std::byte* at) {
    double value;
    std::memcpy(&value, at, sizeof value);
    return finite_unit(value);
}

template <class Decode>
void mix_down(Bytes data, const Format& format, std::vector<float>& out, Decode decode) {
    const float scale = 1.0F / static_cast<float>(format.channels);
    const std::byte* at = data.data();
    for (float& sample : out) {
        float sum = 0;
        for (size_t channel = 0; channel < format.channels; ++channel, at += format.sample_bytes)
            sum += decode(at);
        sample = sum * scale;
    }
}

void decode_all(Bytes data, const Format& format, std::vector<float>& out) {
    if (format.is_float) {
        return format.sample_bytes == 4 ? mix_down(data, format, out, decode_f32)
                                        : mix_down(data, format, out, decode_f64);
    }
    switch (format.sample_bytes) {
        case 1:
            return mix_down(data, format, out, decode_u8);
        case 2:
            return mix_down(data, format, out, decode_s16);
        case 3:
            return mix_down(data, format, out, decode_s24);
        default:
            return mix_down(data, format, out, decode_s32);
    }
}

Error system_error(const std::string& where, const char* doing) {
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT;
    return {full ? ErrorCode::exhausted : ErrorCode::io, fmt::format("{}: {}", doing, std::strerror(code)),
            where, full ? "free some disk space and try again" : ""};
}

// What a pipe or a device gives until it ends; it must look like a WAV from the start, so that an endless
// device is refused at once.
Result<std::vector<std::byte>> read_stream(int fd, const std::string& name) {
    std::vector<std::byte> bytes;
    std::array<std::byte, 65536> block;
    while (true) {
        const ssize_t count = ::read(fd, block.data(), block.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return tl::unexpected(system_error(name, "cannot read"));
        if (count == 0) return bytes;
        bytes.insert(bytes.end(), block.begin(), block.begin() + count);
        if (bytes.size() >= 12) CODA_CHECK(check_is_wav(bytes, name));
        if (bytes.size() > kPipeLimit)
            return fail(ErrorCode::exhausted, "gives more than 1 GiB", name, "save it to a file first");
    }
}

std::array<std::byte, kHeaderBytes> make_header(uint32_t data_bytes, uint32_t rate) {
    std::array<std::byte, kHeaderBytes> header{};
    auto put_tag = [&](size_t at, const char* tag) { std::memcpy(header.data() + at, tag, 4); };
    auto put = [&](size_t at, uint32_t value, size_t size) {
        for (size_t i = 0; i < size; ++i) header[at + i] = static_cast<std::byte>(value >> (8 * i));
    };
    put_tag(0, "RIFF");
    put(4, data_bytes + kHeaderBytes - 8, 4);
    put_tag(8, "WAVE");
    put_tag(12, "fmt ");
    put(16, 16, 4);
    put(20, kPcm, 2);
    put(22, 1, 2);
    put(24, rate, 4);
    put(28, rate * 2, 4);
    put(32, 2, 2);
    put(34, 16, 2);
    put_tag(36, "data");
    put(40, data_bytes, 4);
    return header;
}

std::vector<std::byte> encode(std::span<const float> samples, int sample_rate) {
    const auto header =
        make_header(static_cast<uint32_t>(samples.size() * 2), static_cast<uint32_t>(sample_rate));
    std::vector<std::byte> bytes(kHeaderBytes + samples.size() * 2);
    std::copy(header.begin(), header.end(), bytes.begin());
    for (size_t i = 0; i < samples.size(); ++i) {
        // 32768 is what reading divides by, so that a file read and written again is the same.
        const long value = std::clamp(std::lround(finite_unit(samples[i]) * 32768.0F), -32768L, 32767L);
        bytes[kHeaderBytes + 2 * i] = static_cast<std::byte>(value & 0xFF);
        bytes[kHeaderBytes + 2 * i + 1] = static_cast<std::byte>((value >> 8) & 0xFF);
    }
    return bytes;
}

Status write_all(int fd, Bytes bytes, const std::string& where) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return tl::unexpected(system_error(where, "cannot write"));
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return {};
}

Status write_to_device(const std::filesystem::path& path, Bytes bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return tl::unexpected(system_error(path.string(), "cannot write"));
    const Status written = write_all(fd, bytes, path.string());
    if (::close(fd) != 0 && written) return tl::unexpected(system_error(path.string(), "cannot write"));
    return written;
}

// /dev/stdout may lead to a regular file that the shell holds open: replacing it by a rename would be wrong.
bool is_under_dev(const std::filesystem::path& path) {
    const std::string text = path.lexically_normal().string();
    return text.rfind("/dev/", 0) == 0 || text.rfind("/proc/", 0) == 0;
}

Status write_to_file(const std::filesystem::path& path, Bytes bytes) {
    const std::filesystem::path folder = path.parent_path();
    std::error_code ignored;
    if (!folder.empty() && !std::filesystem::is_directory(folder, ignored))
        return fail(ErrorCode::not_found, "its folder does not exist", path.string(),
                    fmt::format("mkdir -p {}", folder.string()));
    return write_file_atomic(path, bytes);
}

}  // namespace

Result<Sound> parse_wav(std::span<const std::byte> bytes, const std::string& name, double max_seconds) {
    CODA_TRY(const Layout layout, find_audio(bytes, name));
    const Format& format = layout.format;
    if (layout.missing > 0)
        return fail(
            ErrorCode::bad_format,
            fmt::format("is cut short: {} bytes of audio ({:.2f} s) are missing at its end", layout.missing,
                        static_cast<double>(layout.missing) / format.frame_bytes() / format.rate),
            name, "get the file again");
    const size_t frames = layout.data.size() / format.frame_bytes();
    const double seconds = static_cast<double>(frames) / format.rate;
    if (seconds > max_seconds)
        return fail(ErrorCode::exhausted,
                    fmt::format("is {:.0f} s long; at most {:.0f} s are taken", seconds, max_seconds), name,
                    "cut it into shorter files");
    Sound sound;
    sound.sample_rate = static_cast<int>(format.rate);
    try {
        sound.samples.resize(frames);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::exhausted, fmt::format("no memory for {} samples", frames), name,
                    "cut it into shorter files");
    }
    decode_all(layout.data, format, sound.samples);
    return sound;
}

Result<Sound> read_wav(const std::filesystem::path& path, double max_seconds) {
    const bool is_stdin = path == "-";
    std::error_code ignored;
    const auto type = std::filesystem::status(path, ignored).type();
    if (is_stdin || type == std::filesystem::file_type::fifo ||
        type == std::filesystem::file_type::character) {
        const std::string name = is_stdin ? "standard input" : path.string();
        const int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) return tl::unexpected(system_error(name, "cannot open"));
        const auto bytes = read_stream(fd, name);
        if (!is_stdin) ::close(fd);
        if (!bytes) return tl::unexpected(bytes.error());
        return parse_wav(*bytes, name, max_seconds);
    }
    CODA_TRY(const FileMap map, FileMap::open(path));
    return parse_wav(map.bytes(), path.string(), max_seconds);
}

Status write_wav(const std::filesystem::path& path, std::span<const float> samples, int sample_rate) {
    if (path.empty())
        return fail(ErrorCode::invalid_argument, "the file name is empty", {}, "name a WAV file");
    CODA_ASSERT(sample_rate > 0);
    if (samples.size() > (std::numeric_limits<uint32_t>::max() - kHeaderBytes) / 2)
        return fail(ErrorCode::exhausted, "more than 4 GiB do not fit a WAV file", path.string(),
                    "write several files");
    const std::vector<std::byte> bytes = encode(samples, sample_rate);
    if (path == "-") return write_all(STDOUT_FILENO, bytes, "standard output");
    std::error_code ignored;
    const auto type = std::filesystem::status(path, ignored).type();
    if (type == std::filesystem::file_type::directory)
        return fail(ErrorCode::invalid_argument, "is a directory", path.string(), "name a file");
    return is_under_dev(path) ? write_to_device(path, bytes) : write_to_file(path, bytes);
}

}  // namespace coda::audio
