// Speech-to-text latency of a Whisper model, file by file.
//
//     stt_bench MODEL FILE.wav... [--threads N] [--isa NAME] [--runs N] [--full]
//
// Prints for each file the median and the range of encoder and decoder time over the runs, after one that is
// not counted; --full encodes 30 s as the original does.
#include "audio/resample.h"
#include "audio/wav.h"
#include "models/whisper/whisper.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace coda {
namespace {

struct Arguments {
    std::string model;
    std::vector<std::string> files;
    runtime::CpuOptions cpu;
    int runs = 9;
    bool full = false;
};

bool parse(int argc, char** argv, Arguments& out) {
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const bool valued = name == "--threads" || name == "--isa" || name == "--runs";
        if (valued && i + 1 >= argc) return false;
        if (name == "--threads") {
            out.cpu.threads = std::atoi(argv[++i]);
        } else if (name == "--isa") {
            out.cpu.isa = argv[++i];
        } else if (name == "--runs") {
            out.runs = std::atoi(argv[++i]);
        } else if (name == "--full") {
            out.full = true;
        } else if (name.starts_with("--")) {
            return false;
        } else if (out.model.empty()) {
            out.model = name;
        } else {
            out.files.push_back(name);
        }
    }
    return !out.files.empty() && out.runs > 0 && out.cpu.threads >= 0;
}

std::string median_and_range(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return fmt::format("{:.1f} ({:.1f} to {:.1f})", values[values.size() / 2], values.front(), values.back());
}

Status measure(const models::Whisper& whisper, const std::string& file, const Arguments& arguments) {
    CODA_TRY(const audio::Sound sound, audio::read_wav(file));
    CODA_TRY(const std::vector<float> samples, audio::resample(sound.samples, sound.sample_rate, 16000));
    models::TranscribeOptions options;
    options.full_context = arguments.full;
    std::vector<double> encode, decode, total;
    models::Transcript heard;
    for (int run = -1; run < arguments.runs; ++run) {
        CODA_TRY(heard, whisper.transcribe(samples, options, Cancel()));
        if (run < 0) continue;
        encode.push_back(heard.encode_ms);
        decode.push_back(heard.decode_ms);
        total.push_back(heard.encode_ms + heard.decode_ms);
    }
    fmt::print("{} ({:.1f} s, {} frames, {} tokens): encode {}, decode {}, both {} ms: {}\n", file,
               sound.seconds(), heard.encoder_frames, heard.tokens, median_and_range(encode),
               median_and_range(decode), median_and_range(total), heard.text);
    return {};
}

Status run(const Arguments& arguments) {
    CODA_TRY(const auto backend, runtime::create_cpu_backend(arguments.cpu));
    CODA_TRY(const auto whisper, models::Whisper::open(arguments.model, *backend));
    fmt::print("{} on {}, {} runs\n", whisper->name(), backend->description(), arguments.runs);
    for (const std::string& file : arguments.files) CODA_CHECK(measure(*whisper, file, arguments));
    return {};
}

}  // namespace
}  // namespace coda

int main(int argc, char** argv) {
    coda::Arguments arguments;
    if (!coda::parse(argc, argv, arguments)) {
        fmt::print(stderr,
                   "usage: stt_bench MODEL FILE.wav... [--threads N] [--isa NAME] [--runs N] [--full]\n");
        return 2;
    }
    if (const coda::Status done = coda::run(arguments); !done) {
        fmt::print(stderr, "{}\n", done.error().message());
        return 1;
    }
    return 0;
}
