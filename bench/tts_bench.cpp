// Text-to-speech latency: from text to the first audible sample, and real-time factor.
//
//     tts_bench [FOLDER] [--runs N] [--lines]
//
// FOLDER holds the voice; without it the packaged one is used. Prints for each sentence the median and the
// range over the runs after one that is not counted. --lines instead answers each line of stdin with one line
// of JSON, which bench/tts_vs_python.py uses to run both programs in turn.
#include "base/paths.h"
#include "models/hibari/hibari.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace coda {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Measured {
    double first_ms = 0;  // until the block with the first audible sample was emitted
    double all_ms = 0;
    double seconds = 0;  // of audio
    double lead_ms = 0;  // of samples before the first audible one
};

// Audible is what lies within 40 dB of the clause's peak.
Result<Measured> speak(const models::Hibari& voice, const std::string& text) {
    std::vector<float> samples;
    std::vector<std::pair<size_t, double>> blocks;  // samples so far, and when
    const auto start = Clock::now();
    CODA_CHECK(voice.synthesize(text, {}, {}, [&](std::span<const float> block) {
        samples.insert(samples.end(), block.begin(), block.end());
        blocks.emplace_back(samples.size(), milliseconds_since(start));
        return true;
    }));
    Measured out;
    out.all_ms = milliseconds_since(start);
    out.seconds = static_cast<double>(samples.size()) / models::Hibari::kSampleRate;
    float peak = 0;
    for (const float s : samples) peak = std::max(peak, std::abs(s));
    const auto audible =
        std::find_if(samples.begin(), samples.end(), [&](float s) { return std::abs(s) >= peak * 0.01f; });
    const auto first = static_cast<size_t>(audible - samples.begin());
    out.lead_ms = static_cast<double>(first) * 1e3 / models::Hibari::kSampleRate;
    for (const auto& [count, when] : blocks) {
        if (count <= first) continue;
        out.first_ms = when;
        break;
    }
    return out;
}

Status answer_lines(const models::Hibari& voice) {
    for (std::string line; std::getline(std::cin, line);) {
        CODA_TRY(const Measured m, speak(voice, line));
        fmt::print("{{\"first_ms\":{:.3f},\"all_ms\":{:.3f},\"seconds\":{:.3f},\"lead_ms\":{:.2f}}}\n",
                   m.first_ms, m.all_ms, m.seconds, m.lead_ms);
        std::fflush(stdout);
    }
    return {};
}

std::string median_and_range(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return fmt::format("{:.1f} ({:.1f} to {:.1f})", values[values.size() / 2], values.front(), values.back());
}

Status measure(const models::Hibari& voice, int runs) {
    for (const char* text :
         {"Yes.", "It is three o'clock in the afternoon.",
          "I think the meeting is at half past four, but let me check with the others before we go."}) {
        std::vector<double> first, all;
        Measured m;
        for (int run = -1; run < runs; ++run) {
            CODA_TRY(m, speak(voice, text));
            if (run < 0) continue;
            first.push_back(m.first_ms);
            all.push_back(m.all_ms);
        }
        const double real_time = *std::min_element(all.begin(), all.end()) / (m.seconds * 1e3);
        fmt::print(
            "{} ({:.2f} s): first audible sample {} ms, all {} ms, best real-time factor {:.4f}, lead {:.1f} "
            "ms\n",
            text, m.seconds, median_and_range(first), median_and_range(all), real_time, m.lead_ms);
    }
    return {};
}

Status run(int argc, char** argv) {
    std::filesystem::path folder = paths::model_dir("hibari");
    int runs = 30;
    bool lines = false;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--lines") {
            lines = true;
        } else if (argument == "--runs" && i + 1 < argc) {
            runs = std::max(1, std::atoi(argv[++i]));
        } else {
            folder = argument;
        }
    }
    const auto start = Clock::now();
    CODA_TRY(const auto voice, models::Hibari::open(folder));
    if (lines) return answer_lines(*voice);
    fmt::print("loaded in {:.0f} ms, {} runs\n", milliseconds_since(start), runs);
    return measure(*voice, runs);
}

}  // namespace
}  // namespace coda

int main(int argc, char** argv) {
    const coda::Status done = coda::run(argc, argv);
    if (!done) {
        fmt::print(stderr, "tts_bench: {}\n", done.error().message());
        return 1;
    }
    return 0;
}
