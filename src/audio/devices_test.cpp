// Choosing a device, and the streams against a real sound server: PulseAudio with null sinks, started here in
// a folder of its own.
#include "audio/devices.h"

#include "audio/microphone.h"
#include "audio/resample.h"
#include "audio/speaker.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

// What the sanitizers find inside the sound libraries, which are built without them: libpulse's free lists
// synchronise in ways that ThreadSanitizer does not see, and libjack loses memory each time it is probed.
#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_suppressions() {
    return "race:libpulse\nrace:libasound\n";
}
#endif
#if defined(__has_feature)  // clang's way to say what gcc says with __SANITIZE_ADDRESS__
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace coda::audio {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

Device device(int index, const std::string& name, int inputs, int outputs, bool by_default = false) {
    return {index, name, name, "ALSA", inputs, outputs, 48000, by_default && inputs, by_default && outputs};
}

TEST(FindDevice, PrefersTheSurestMatch) {
    const std::vector<Device> devices = {device(0, "USB Headset", 1, 2), device(1, "Webcam USB", 2, 0),
                                         device(2, "HDMI 0", 0, 8), device(3, "default", 32, 32, true)};
    EXPECT_EQ(find_device(devices, Direction::input, "")->index, 3);
    EXPECT_EQ(find_device(devices, Direction::output, "default")->index, 3);
    EXPECT_EQ(find_device(devices, Direction::input, "USB Headset")->index, 0);
    EXPECT_EQ(find_device(devices, Direction::input, "webcam")->index, 1);
    EXPECT_EQ(find_device(devices, Direction::output, "usb")->index, 0) << "the webcam has no speaker";
    EXPECT_EQ(find_device(devices, Direction::input, "1")->index, 1);
    EXPECT_EQ(find_device(devices, Direction::input, "usb").error().code, ErrorCode::not_found);
    const auto none = find_device(devices, Direction::output, "webcam");
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    EXPECT_NE(none.error().mend.find("\"HDMI 0\""), std::string::npos) << none.error().message();
}

TEST(FindDevice, SaysThatThereIsNone) {
    const auto none = find_device({}, Direction::input, "");
    EXPECT_EQ(none.error().code, ErrorCode::unavailable);
    EXPECT_EQ(none.error().what, "this machine has no microphone");
    EXPECT_FALSE(none.error().mend.empty());
    const std::vector<Device> deaf = {device(0, "HDMI 0", 0, 8, true)};
    EXPECT_EQ(find_device(deaf, Direction::input, "HDMI 0").error().code, ErrorCode::unavailable);
}

// Sets variables and puts the old values back.
class Environment {
  public:
    void set(const char* name, const std::string& value) {
        const char* old = std::getenv(name);
        old_.emplace_back(name, old ? std::optional<std::string>(old) : std::nullopt);
        setenv(name, value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : old_)
            value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }

  private:
    std::vector<std::pair<std::string, std::optional<std::string>>> old_;
};

class LeaksIgnored {
  public:
#if defined(__SANITIZE_ADDRESS__)
    LeaksIgnored() {
        __lsan_disable();
    }
    ~LeaksIgnored() {
        __lsan_enable();
    }
#else
    LeaksIgnored() {}
    ~LeaksIgnored() {}
#endif
};

// A PulseAudio of our own; what leaves `speaker` comes back through `microphone`.
class Pulse : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("coda-pulse-" + std::to_string(getpid()));
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        fs::permissions(folder_, fs::perms::owner_all);
        std::ofstream(folder_ / "asound.conf") << "</usr/share/alsa/alsa.conf>\n"
                                                  "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
                                                  "pcm.loop { type pulse device loop }\n"
                                                  "pcm.loop_back { type pulse device loop.monitor }\n";
        const std::string socket = (folder_ / "socket").string();
        for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
                 {"HOME", folder_},
                 {"XDG_RUNTIME_DIR", folder_},
                 {"PULSE_RUNTIME_PATH", folder_},
                 {"PULSE_STATE_PATH", folder_},
                 {"PULSE_SERVER", "unix:" + socket},
                 {"ALSA_CONFIG_PATH", folder_ / "asound.conf"}})
            environment_.set(name, value);
        start_server(socket);
        for (int i = 0; i < 500 && !fs::exists(socket); ++i) std::this_thread::sleep_for(milliseconds(10));
        ASSERT_TRUE(fs::exists(socket))
            << "pulseaudio did not start (apt-get install pulseaudio libasound2-plugins)";
    }

    void TearDown() override {
        stop_server();
        fs::remove_all(folder_);
    }

    void start_server(const std::string& socket) {
        const std::string protocol = "module-native-protocol-unix auth-anonymous=1 socket=" + socket;
        server_ = fork();
        if (server_ != 0) return;
        freopen((folder_ / "log").c_str(), "w", stderr);
        execlp("pulseaudio", "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
               "--realtime=no", "--high-priority=no", "--disable-shm=yes", "--log-target=stderr", "-L",
               "module-null-sink sink_name=loop rate=48000 channels=2 format=float32le", "-L",
               protocol.c_str(), nullptr);
        _exit(127);
    }

    void stop_server() {
        if (server_ <= 0) return;
        kill(server_, SIGKILL);
        waitpid(server_, nullptr, 0);
        server_ = 0;
    }

    // An idle null sink works in blocks of 2 s until it has seen what latency its streams want; waits that
    // out.
    static void settle(Speaker& speaker) {
        const std::vector<float> silence(Speaker::kSampleRate / 2);
        ASSERT_EQ(*speaker.write(silence), silence.size());
        for (int i = 0; i < 1000 && speaker.queued() > 0; ++i) std::this_thread::sleep_for(milliseconds(10));
        ASSERT_EQ(speaker.clear(), silence.size());
    }

    LeaksIgnored leaks_ignored_;
    fs::path folder_;
    Environment environment_;
    pid_t server_ = 0;
};

// A sweep that has one best alignment, quiet at both ends.
std::vector<float> sweep(int rate, double seconds) {
    std::vector<float> samples(static_cast<size_t>(rate * seconds));
    for (size_t i = 0; i < samples.size(); ++i) {
        const double t = static_cast<double>(i) / rate, x = t / seconds;
        samples[i] = static_cast<float>(0.5 * std::sin(std::numbers::pi * x) *
                                        std::sin(2 * std::numbers::pi * (200 * t + 900 * t * t / seconds)));
    }
    return samples;
}

// The largest normalised correlation of `signal` within `recording`, over all shifts.
double best_match(std::span<const float> recording, std::span<const float> signal) {
    double best = 0, energy = 0, own = 0;
    for (const float sample : signal) own += sample * sample;
    for (size_t i = 0; i < signal.size(); ++i) energy += recording[i] * recording[i];
    for (size_t shift = 0; shift + signal.size() < recording.size(); ++shift) {
        // Sums over every 8th sample choose the shifts worth an exact look.
        double rough = 0;
        for (size_t i = 0; i < signal.size(); i += 8) rough += recording[shift + i] * signal[i];
        if (energy > 1e-6 && 8 * rough / std::sqrt(energy * own) > 0.8) {
            double exact = 0;
            for (size_t i = 0; i < signal.size(); ++i) exact += recording[shift + i] * signal[i];
            best = std::max(best, exact / std::sqrt(energy * own));
        }
        energy += std::pow(recording[shift + signal.size()], 2) - std::pow(recording[shift], 2);
    }
    return best;
}

TEST_F(Pulse, ListsTheServersDevices) {
    const auto devices = list_devices();
    ASSERT_TRUE(devices) << devices.error().message();
    const auto speaker = find_device(*devices, Direction::output, "");
    ASSERT_TRUE(speaker) << speaker.error().message();
    EXPECT_TRUE(speaker->default_output);
    EXPECT_GT(speaker->default_rate, 0);
    EXPECT_TRUE(find_device(*devices, Direction::output, "loop"));
    EXPECT_TRUE(find_device(*devices, Direction::input, "loop_back"));
}

struct Rates {
    int microphone, speaker;
};

class PulseRates : public Pulse, public testing::WithParamInterface<Rates> {
  protected:
    // How well what came back matches what was played.
    void play_and_record(double& match);
};

void PulseRates::play_and_record(double& match) {
    auto microphone = Microphone::open({"loop_back", GetParam().microphone});
    ASSERT_TRUE(microphone) << microphone.error().message();
    auto speaker = Speaker::open({"loop", GetParam().speaker});
    ASSERT_TRUE(speaker) << speaker.error().message();
    if (GetParam().speaker) {
        EXPECT_EQ((*speaker)->device_rate(), GetParam().speaker);
    }
    EXPECT_GT((*speaker)->output_latency_ms(), 0);
    settle(**speaker);
    (*microphone)->discard();

    const auto played = sweep(Speaker::kSampleRate, 0.8);
    ASSERT_EQ(*(*speaker)->write(played), played.size());
    std::vector<float> recording, frame(512);
    while (recording.size() < 1.5 * Microphone::kSampleRate) {
        const Status status = (*microphone)->read(frame);
        ASSERT_TRUE(status) << status.error().message();
        recording.insert(recording.end(), frame.begin(), frame.end());
    }
    EXPECT_EQ((*speaker)->clear(), played.size());
    EXPECT_EQ((*speaker)->gaps(), 0u);
    EXPECT_EQ((*microphone)->lost_samples(), 0u);
    // Compared at four times the rate, for the shift is no whole number of samples.
    const auto wanted = resample(played, Speaker::kSampleRate, 4 * Microphone::kSampleRate);
    const auto heard = resample(recording, Microphone::kSampleRate, 4 * Microphone::kSampleRate);
    match = best_match(*heard, *wanted);
}

TEST_P(PulseRates, WhatIsPlayedComesBack) {
    // The sound server is a process like others: on a busy machine it may lose a block that we gave it in
    // time.
    double match = 0;
    for (int attempt = 0; attempt < 3 && match < 0.99; ++attempt)
        ASSERT_NO_FATAL_FAILURE(play_and_record(match));
    EXPECT_GT(match, 0.99);
}

INSTANTIATE_TEST_SUITE_P(Devices, PulseRates,
                         testing::Values(Rates{0, 0}, Rates{48000, 48000}, Rates{44100, 44100}));

TEST_F(Pulse, ClearSilencesWithinFiftyMilliseconds) {
    auto speaker = Speaker::open({"loop", 0});
    ASSERT_TRUE(speaker) << speaker.error().message();
    settle(**speaker);
    const uint64_t played_before = (*speaker)->played();
    const std::vector<float> ten_seconds(10 * Speaker::kSampleRate, 0.1F);
    ASSERT_EQ(*(*speaker)->write(ten_seconds), ten_seconds.size());
    std::this_thread::sleep_for(milliseconds(300));
    const auto before = std::chrono::steady_clock::now();
    const size_t heard = (*speaker)->clear();
    EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(5000)) << "waited for the sound to end";
    EXPECT_EQ((*speaker)->queued(), 0u);
    EXPECT_EQ(heard, (*speaker)->played() - played_before);
    EXPECT_GT(heard, 0.1 * Speaker::kSampleRate);
    EXPECT_LT(heard, 0.8 * Speaker::kSampleRate);
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ((*speaker)->played() - played_before, heard) << "something was played after the clear";
    ASSERT_TRUE((*speaker)->write(std::vector<float>(240, 0.1F)));
    std::this_thread::sleep_for(milliseconds(200));
    EXPECT_EQ((*speaker)->clear(), 240u) << "only what was written since the last clear counts";
}

TEST_F(Pulse, AVanishedServerIsAnErrorAndNoHang) {
    auto microphone = Microphone::open({"loop_back", 0});
    ASSERT_TRUE(microphone) << microphone.error().message();
    auto speaker = Speaker::open({"loop", 0});
    ASSERT_TRUE(speaker) << speaker.error().message();
    std::vector<float> frame(512);
    ASSERT_TRUE((*microphone)->read(frame));
    stop_server();
    Status status;
    const auto before = std::chrono::steady_clock::now();
    while (status && std::chrono::steady_clock::now() - before < std::chrono::seconds(10))
        status = (*microphone)->read(frame);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(status.error().mend.empty());
    Result<size_t> written = size_t{0};
    while (written && std::chrono::steady_clock::now() - before < std::chrono::seconds(10)) {
        written = (*speaker)->write(std::vector<float>(24));
        std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_FALSE(written);
    (*speaker)->clear();
    speaker->reset();
    microphone->reset();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_F(Pulse, UnknownDevicesAreNamed) {
    const auto microphone = Microphone::open({"nosuch", 0});
    ASSERT_FALSE(microphone);
    EXPECT_EQ(microphone.error().code, ErrorCode::not_found);
    EXPECT_NE(microphone.error().mend.find("loop_back"), std::string::npos);
}

TEST(NoSoundSystem, IsAnEmptyListAndAClearError) {
    const LeaksIgnored leaks_ignored;
    Environment environment;
    const fs::path config = fs::temp_directory_path() / ("coda-no-sound-" + std::to_string(getpid()));
    std::ofstream(config) << "pcm.dead { type hw card 99 }\n";
    environment.set("ALSA_CONFIG_PATH", config);
    environment.set("JACK_NO_START_SERVER", "1");
    testing::internal::CaptureStderr();
    const auto devices = list_devices();
    const auto microphone = Microphone::open({});
    const auto speaker = Speaker::open({});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "the sound libraries' noise comes through";
    fs::remove(config);
    ASSERT_TRUE(devices) << devices.error().message();
    if (!devices->empty())
        GTEST_SKIP() << "this machine has a sound card, which is found without configuration";
    EXPECT_EQ(microphone.error().code, ErrorCode::unavailable);
    EXPECT_EQ(speaker.error().code, ErrorCode::unavailable);
    EXPECT_EQ(speaker.error().what, "this machine has no speaker");
}

}  // namespace
}  // namespace coda::audio
