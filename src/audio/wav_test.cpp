#include "audio/wav.h"

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coda::audio {
namespace {

namespace fs = std::filesystem;

// Builds RIFF files byte by byte, right or wrong.
struct Builder {
    std::string body;

    Builder& le(uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) body += static_cast<char>(value >> (8 * i));
        return *this;
    }
    Builder& chunk(const char* tag, const std::string& content, std::optional<uint32_t> size = {}) {
        body += tag;
        le(size.value_or(static_cast<uint32_t>(content.size())), 4);
        body += content;
        if (content.size() % 2 && !size) body += '\0';
        return *this;
    }
    std::string riff(const char* tag = "RIFF") const { return Builder{}.chunk(tag, "WAVE" + body).body; }
};

std::string format(int tag, int channels, uint32_t rate, int bits, int container_bytes = 0) {
    const int bytes = container_bytes ? container_bytes : (bits + 7) / 8;
    return Builder{}
        .le(static_cast<uint64_t>(tag), 2)
        .le(static_cast<uint64_t>(channels), 2)
        .le(rate, 4)
        .le(uint64_t{rate} * static_cast<uint64_t>(channels * bytes), 4)
        .le(static_cast<uint64_t>(channels * bytes), 2)
        .le(static_cast<uint64_t>(bits), 2)
        .body;
}

std::string extensible(int tag, int channels, uint32_t rate, int bits, int container_bytes) {
    std::string chunk = format(0xFFFE, channels, rate, container_bytes * 8, container_bytes);
    chunk += Builder{}
                 .le(22, 2)
                 .le(static_cast<uint64_t>(bits), 2)
                 .le(0, 4)
                 .le(static_cast<uint64_t>(tag), 2)
                 .body;
    return chunk.append(std::string("\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71", 14));
}

template <class T>
std::string raw(std::initializer_list<T> values) {
    std::string bytes;
    for (T value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    return bytes;
}

Result<Sound> parse(const std::string& bytes, double max_seconds = 4 * 3600) {
    return parse_wav(std::as_bytes(std::span(bytes)), "x.wav", max_seconds);
}

std::string simple(const std::string& fmt, const std::string& data) {
    return Builder{}.chunk("fmt ", fmt).chunk("data", data).riff();
}

void expect_samples(const Result<Sound>& sound, std::vector<float> wanted) {
    ASSERT_TRUE(sound) << sound.error().message();
    ASSERT_EQ(sound->samples.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i)
        EXPECT_FLOAT_EQ(sound->samples[i], wanted[i]) << "sample " << i;
}

class WavFile : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("coda-wav-test-" + std::to_string(getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    fs::path save(const std::string& bytes, const char* name = "x.wav") const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
        return folder_ / name;
    }
    fs::path folder_;
};

TEST(WavFormats, Integers) {
    expect_samples(parse(simple(format(1, 1, 8000, 8), std::string("\x00\x80\xC0", 3))), {-1, 0, 0.5});
    expect_samples(parse(simple(format(1, 1, 16000, 16), raw<int16_t>({-32768, 0, 16384}))), {-1, 0, 0.5});
    expect_samples(
        parse(simple(format(1, 1, 44100, 24), std::string("\x00\x00\x80\x00\x00\x00\x00\x00\x40", 9))),
        {-1, 0, 0.5});
    expect_samples(parse(simple(format(1, 1, 96000, 32), raw<int32_t>({INT32_MIN, 0, 1 << 30}))),
                   {-1, 0, 0.5});
}

TEST(WavFormats, Floats) {
    expect_samples(parse(simple(format(3, 1, 8000, 32), raw<float>({-1, 0, 0.5F}))), {-1, 0, 0.5});
    expect_samples(parse(simple(format(3, 1, 8000, 64), raw<double>({-1, 0, 0.5}))), {-1, 0, 0.5});
}

TEST(WavFormats, FloatsThatAreNoSamplesAreMadeHarmless) {
    constexpr float kInf = std::numeric_limits<float>::infinity(),
                    kNan = std::numeric_limits<float>::quiet_NaN();
    expect_samples(parse(simple(format(3, 1, 8000, 32), raw<float>({kInf, -kInf, kNan, 3, 1e-40F}))),
                   {1, -1, 0, 1, 1e-40F});
    expect_samples(parse(simple(format(3, 2, 8000, 64), raw<double>({NAN, 0.5, 1e300, -1e300}))), {0.25, 0});
}

TEST(WavFormats, Extensible) {
    expect_samples(parse(simple(extensible(1, 1, 48000, 16, 2), raw<int16_t>({16384}))), {0.5});
    expect_samples(parse(simple(extensible(3, 1, 48000, 32, 4), raw<float>({0.5F}))), {0.5});
    // 24 bits in a container of 32 fill its upper end.
    expect_samples(parse(simple(extensible(1, 1, 48000, 24, 4), raw<int32_t>({1 << 30}))), {0.5});
    std::string other = extensible(1, 1, 48000, 16, 2);
    other.back() = '\x00';
    EXPECT_EQ(parse(simple(other, "")).error().code, ErrorCode::unsupported);
    EXPECT_EQ(parse(simple(extensible(1, 1, 48000, 16, 2).substr(0, 30), "")).error().code,
              ErrorCode::bad_format);
}

TEST(WavFormats, ChannelsAreAveraged) {
    expect_samples(parse(simple(format(1, 2, 44100, 16), raw<int16_t>({16384, -16384, 16384, 0}))),
                   {0, 0.25});
    std::string many;
    for (int i = 0; i < 300; ++i) many += raw<int16_t>({8192});
    expect_samples(parse(simple(format(1, 300, 44100, 16), many)), {0.25});
}

TEST(WavFormats, AnyRate) {
    for (const uint32_t rate : {100u, 7999u, 11025u, 16000u, 22050u, 44101u, 384000u, 1000000u})
        EXPECT_EQ(parse(simple(format(1, 1, rate, 16), raw<int16_t>({0})))->sample_rate,
                  static_cast<int>(rate));
}

TEST(WavFormats, OthersAreRefusedByName) {
    const auto law = parse(simple(format(7, 1, 8000, 8), "abc"));
    EXPECT_EQ(law.error().code, ErrorCode::unsupported);
    EXPECT_NE(law.error().message().find("mu-law"), std::string::npos) << law.error().message();
    EXPECT_NE(law.error().message().find("x.wav: fmt chunk at byte 12"), std::string::npos);
    EXPECT_EQ(parse(Builder{}.riff("RIFX")).error().code, ErrorCode::unsupported);
}

TEST(WavHeader, AbsurdFieldsAreRefused) {
    EXPECT_FALSE(parse(simple(format(1, 0, 16000, 16), raw<int16_t>({1}))));
    EXPECT_FALSE(parse(simple(format(1, 1, 0, 16), raw<int16_t>({1}))));
    EXPECT_FALSE(parse(simple(format(1, 1, 4294967295u, 16), raw<int16_t>({1}))));
    EXPECT_FALSE(parse(simple(format(1, 1, 16000, 0), raw<int16_t>({1}))));
    EXPECT_FALSE(parse(simple(format(1, 1, 16000, 40), "12345")));
    EXPECT_FALSE(parse(simple(format(3, 1, 16000, 16), raw<int16_t>({1}))));
    EXPECT_FALSE(parse(simple(format(1, 1, 16000, 16, 1), raw<int16_t>({1}))));   // 16 bits in a block of 1
    EXPECT_FALSE(parse(simple(format(1, 65535, 16000, 16), raw<int16_t>({1}))));  // the block size overflows
}

TEST(WavHeader, UnknownChunksAndOddPaddingAreSkipped) {
    expect_samples(parse(Builder{}
                             .chunk("LIST", "odd")
                             .chunk("JUNK", std::string(1001, 'j'))
                             .chunk("fmt ", format(1, 1, 16000, 8))
                             .chunk("fact", "1234")
                             .chunk("data", "\xC0\xC0\xC0")
                             .chunk("LIST", "after")
                             .riff()),
                   {0.5, 0.5, 0.5});
}

TEST(WavHeader, SizesOfStreamingWriters) {
    const std::string data = raw<int16_t>({16384, 16384});
    for (const uint32_t size : {0u, 0xFFFFFFFFu, 0x7FFFF000u, 0x80000000u}) {
        std::string file = Builder{}.chunk("fmt ", format(1, 1, 16000, 16)).chunk("data", data, size).riff();
        expect_samples(parse(file), {0.5, 0.5});
        // A sample that was being written is left out.
        expect_samples(parse(file + "x"), {0.5, 0.5});
    }
    // Size 0 with nothing or with whole chunks behind it means what it says.
    expect_samples(parse(simple(format(1, 1, 16000, 16), "")), {});
    expect_samples(
        parse(Builder{}.chunk("fmt ", format(1, 1, 16000, 16)).chunk("data", "").chunk("LIST", "x").riff()),
        {});
}

TEST(WavHeader, Rf64TakesItsSizeFromDs64) {
    const std::string ds64 = Builder{}.le(0, 8).le(4, 8).le(2, 8).le(0, 4).body;
    expect_samples(parse(Builder{}
                             .chunk("ds64", ds64)
                             .chunk("fmt ", format(1, 1, 16000, 16))
                             .chunk("data", raw<int16_t>({16384, 16384}), 0xFFFFFFFF)
                             .chunk("LIST", "no audio")
                             .riff("RF64")),
                   {0.5, 0.5});
}

TEST(WavHeader, TruncatedAtEveryByteIsAnErrorThatSaysSo) {
    const std::string whole = Builder{}
                                  .chunk("LIST", "odd")
                                  .chunk("fmt ", extensible(1, 2, 48000, 16, 2))
                                  .chunk("data", raw<int16_t>({1, 2, 3, 4, 5, 6}))
                                  .riff();
    ASSERT_TRUE(parse(whole));
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto sound = parse(whole.substr(0, size));
        ASSERT_FALSE(sound) << "cut to " << size;
        EXPECT_EQ(sound.error().code, ErrorCode::bad_format) << "cut to " << size;
        EXPECT_FALSE(sound.error().mend.empty());
    }
    const auto cut = parse(whole.substr(0, whole.size() - 6));
    EXPECT_NE(cut.error().what.find("6 bytes"), std::string::npos) << cut.error().what;
}

TEST(WavHeader, AnyByteChangedNeverCrashes) {
    const std::string whole = simple(extensible(3, 2, 48000, 32, 4), raw<float>({0.1F, 0.2F, 0.3F, 0.4F}));
    for (size_t at = 0; at < whole.size(); ++at) {
        for (const int bits : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            std::string changed = whole;
            changed[at] = static_cast<char>(changed[at] ^ bits);
            const auto sound = parse(changed);
            if (!sound) continue;
            ASSERT_LE(sound->samples.size(), whole.size());
            for (const float sample : sound->samples) ASSERT_LE(std::abs(sample), 1.0F);
        }
    }
}

TEST(WavHeader, LengthIsBounded) {
    const std::string two_seconds = simple(format(1, 1, 1000, 8), std::string(2000, '\x80'));
    EXPECT_TRUE(parse(two_seconds, 2));
    EXPECT_EQ(parse(two_seconds, 1.5).error().code, ErrorCode::exhausted);
}

TEST_F(WavFile, WhatIsNoWavSaysSo) {
    EXPECT_EQ(read_wav(folder_ / "missing.wav").error().code, ErrorCode::not_found);
    EXPECT_EQ(read_wav(folder_).error().code, ErrorCode::bad_format);
    EXPECT_NE(read_wav(save("")).error().what.find("empty"), std::string::npos);
    EXPECT_NE(read_wav(save("ID3 this is an mp3")).error().what.find("no WAV"), std::string::npos);
    EXPECT_FALSE(read_wav("/dev/zero"));
}

TEST_F(WavFile, AnHourIsRead) {
    const fs::path path = folder_ / "hour.wav";
    constexpr uint32_t kFrames = 3600u * 16000u;
    Builder head;
    head.chunk("fmt ", format(1, 1, 16000, 16)).chunk("data", "", kFrames * 2);
    std::ofstream(path, std::ios::binary) << head.riff();
    fs::resize_file(path, 44 + uint64_t{kFrames} * 2);  // sparse: silence
    const auto sound = read_wav(path);
    ASSERT_TRUE(sound) << sound.error().message();
    EXPECT_EQ(sound->seconds(), 3600);
    EXPECT_EQ(std::accumulate(sound->samples.begin(), sound->samples.end(), 0.0), 0.0);
}

TEST_F(WavFile, PipesAreReadToTheirEnd) {
    const fs::path fifo = folder_ / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    std::thread writer([&] {
        std::ofstream out(fifo, std::ios::binary);
        out << simple(format(1, 1, 16000, 16), raw<int16_t>({16384})) << std::flush;
    });
    const auto sound = read_wav(fifo);
    writer.join();
    expect_samples(sound, {0.5});
}

TEST_F(WavFile, RealRecordingsAreRead) {
    const auto sound = read_wav(CODA_SOURCE_DIR "/tests/data/audio/jfk.wav");
    ASSERT_TRUE(sound) << sound.error().message();
    EXPECT_EQ(sound->sample_rate, 16000);
    EXPECT_NEAR(sound->seconds(), 11.0, 0.1);
}

TEST_F(WavFile, WrittenAndReadAgainIsTheSame) {
    std::vector<float> samples;
    for (int i = -32768; i < 32768; i += 7) samples.push_back(static_cast<float>(i) / 32768.0F);
    ASSERT_TRUE(write_wav(folder_ / "x.wav", samples, 24000));
    const auto sound = read_wav(folder_ / "x.wav");
    ASSERT_TRUE(sound);
    EXPECT_EQ(sound->sample_rate, 24000);
    EXPECT_EQ(sound->samples, samples);
    EXPECT_EQ(fs::file_size(folder_ / "x.wav"), 44 + 2 * samples.size());
}

TEST_F(WavFile, WhatLiesOutsideIsClippedWhenWritten) {
    ASSERT_TRUE(write_wav(folder_ / "x.wav", std::vector<float>{2, -2, NAN}, 24000));
    expect_samples(read_wav(folder_ / "x.wav"), {32767.0F / 32768.0F, -1, 0});
    ASSERT_TRUE(write_wav(folder_ / "empty.wav", {}, 24000));
    expect_samples(read_wav(folder_ / "empty.wav"), {});
}

TEST_F(WavFile, PlacesThatCannotBeWrittenSaySo) {
    const std::vector<float> samples(100, 0.5F);
    EXPECT_EQ(write_wav("", samples, 24000).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(write_wav(folder_, samples, 24000).error().code, ErrorCode::invalid_argument);
    const auto nowhere = write_wav(folder_ / "no" / "x.wav", samples, 24000);
    EXPECT_EQ(nowhere.error().code, ErrorCode::not_found);
    EXPECT_NE(nowhere.error().mend.find("mkdir"), std::string::npos);
    const auto full = write_wav("/dev/full", samples, 24000);
    EXPECT_EQ(full.error().code, ErrorCode::exhausted);
    EXPECT_NE(full.error().message().find("No space left"), std::string::npos) << full.error().message();
}

TEST_F(WavFile, AFileThatCannotBeFinishedLeavesTheOldOneWhole) {
    const fs::path path = folder_ / "x.wav";
    ASSERT_TRUE(write_wav(path, std::vector<float>{0.5F}, 24000));
    // A file-size limit stands for the full disk: the write fails half-way in the same place.
    struct rlimit old {
    }, small{};
    getrlimit(RLIMIT_FSIZE, &old);
    small = {100, old.rlim_max};
    const auto handler = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const Status written = write_wav(path, std::vector<float>(1000, 0.25F), 24000);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    EXPECT_FALSE(written);
    expect_samples(read_wav(path), {0.5});
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(WavFile, ASymbolicLinkStaysOne) {
    ASSERT_TRUE(write_wav(folder_ / "real.wav", std::vector<float>{0.5F}, 24000));
    fs::create_symlink("real.wav", folder_ / "link.wav");
    ASSERT_TRUE(write_wav(folder_ / "link.wav", std::vector<float>{0.25F}, 24000));
    EXPECT_TRUE(fs::is_symlink(folder_ / "link.wav"));
    expect_samples(read_wav(folder_ / "real.wav"), {0.25});
}

TEST_F(WavFile, PipesAndNullAreWrittenDirectly) {
    EXPECT_TRUE(write_wav("/dev/null", std::vector<float>{0.5F}, 24000));
    const fs::path fifo = folder_ / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    Status written;
    std::thread writer([&] { written = write_wav(fifo, std::vector<float>{0.5F}, 24000); });
    const auto sound = read_wav(fifo);
    writer.join();
    EXPECT_TRUE(written);
    expect_samples(sound, {0.5});
    EXPECT_TRUE(fs::is_fifo(fifo));
}

}  // namespace
}  // namespace coda::audio
