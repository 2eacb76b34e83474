#include "tests/support/sounds.h"

#include "audio/wav.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <numbers>
#include <sstream>

namespace coda::test {
namespace {

// Uniform in [-0.5, 0.5): the generator of sounds.py.
class Noise {
  public:
    double next() {
        state_ = state_ * 1664525u + 1013904223u;
        return static_cast<double>(state_ >> 8) / (1 << 24) - 0.5;
    }

  private:
    uint32_t state_ = 1;
};

double rms(const std::vector<double>& x) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    return std::sqrt(sum / static_cast<double>(std::max<size_t>(x.size(), 1)));
}

std::vector<double> at_speed(const std::vector<double>& x, double factor) {
    const auto count =
        x.empty() ? size_t{0} : static_cast<size_t>(static_cast<double>(x.size() - 1) / factor);
    std::vector<double> out(count);
    for (size_t i = 0; i < count; ++i) {
        const double at = static_cast<double>(i) * factor;
        const auto low = static_cast<size_t>(at);
        out[i] = x[low] + (at - static_cast<double>(low)) * (x[low + 1] - x[low]);
    }
    return out;
}

Samples to_floats(const std::vector<double>& x) {
    Samples out(x.size());
    std::transform(x.begin(), x.end(), out.begin(), [](double value) { return static_cast<float>(value); });
    return out;
}

std::vector<double> scaled(std::vector<double> x, double decibels) {
    const double level = rms(x), gain = level > 0 ? std::pow(10, decibels / 20) / level : 0;
    for (double& value : x) value *= gain;
    return x;
}

std::vector<double> plus(std::vector<double> x, const std::vector<double>& y) {
    for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
    return x;
}

std::vector<double> white(size_t count) {
    Noise noise;
    std::vector<double> out(count);
    for (double& value : out) value = noise.next();
    return out;
}

// White noise through first-order low-passes: one gives brown, three at spaced corners about pink.
std::vector<double> coloured(size_t count, const std::vector<double>& corners_hz) {
    const std::vector<double> in = white(count);
    std::vector<double> out(count);
    for (const double corner : corners_hz) {
        const double keep = std::exp(-2 * std::numbers::pi * corner / kSampleRate);
        double state = 0;
        for (size_t i = 0; i < count; ++i) {
            state = keep * state + (1 - keep) * in[i];
            out[i] += state / std::sqrt(1 - keep);
        }
    }
    return out;
}

template <class Shape>
std::vector<double> shaped(std::vector<double> x, Shape shape) {
    for (size_t i = 0; i < x.size(); ++i) x[i] *= shape(static_cast<double>(i) / kSampleRate);
    return x;
}

template <class Wave>
std::vector<double> wave(size_t count, Wave value) {
    return shaped(std::vector<double>(count, 1.0), value);
}

double sine(double hz, double t) {
    return std::sin(2 * std::numbers::pi * hz * t);
}

double chord(double t) {
    constexpr double kRoots[] = {261.6, 220.0, 174.6, 196.0};
    const double root = kRoots[static_cast<size_t>(t / 0.5) % 4], since = std::fmod(t, 0.5);
    double sum = 0;
    for (const double ratio : {1.0, 1.26, 1.5, 2.0})
        for (int harmonic = 1; harmonic <= 4; ++harmonic)
            sum += std::exp(-3 * since) * sine(root * ratio * harmonic, since) / std::pow(harmonic, 1.5);
    return sum;
}

}  // namespace

Samples recording(const std::string& file) {
    const auto sound = audio::read_wav(std::string(CODA_SOURCE_DIR "/tests/data/audio/") + file);
    if (!sound) return {};
    if (sound->sample_rate == kSampleRate) return sound->samples;
    std::vector<double> mean;
    for (size_t i = 0; i + 1 < sound->samples.size(); ++i)
        mean.push_back((static_cast<double>(sound->samples[i]) + static_cast<double>(sound->samples[i + 1])) /
                       2);
    return to_floats(at_speed(mean, static_cast<double>(sound->sample_rate) / kSampleRate));
}

Samples altered(const Samples& samples, const std::string& kind) {
    const std::vector<double> x(samples.begin(), samples.end());
    if (kind == "quiet") return to_floats(shaped(x, [](double) { return 0.02; }));
    if (kind == "fast") return to_floats(at_speed(x, 1.15));
    if (kind == "slow") return to_floats(at_speed(x, 0.88));
    if (kind == "noisy") return to_floats(plus(x, scaled(white(x.size()), 20 * std::log10(rms(x)) - 15)));
    return samples;
}

std::vector<NamedSound> not_speech(double seconds) {
    const auto n = static_cast<size_t>(seconds * kSampleRate);
    const std::vector<double> floor = scaled(white(n), -66);
    const std::vector<double> pink = coloured(n, {40, 400, 4000});
    const auto burst = [](double t, double every, double decay) {
        return std::exp(-std::fmod(t, every) / decay);
    };
    std::vector<std::pair<std::string, std::vector<double>>> sounds = {
        {"digital silence", std::vector<double>(n)},
        {"last bit", shaped(white(n), [](double) { return 3.0 / 32768; })},
        {"white -66 dB", floor},
        {"white -45 dB", scaled(white(n), -45)},
        {"white -20 dB", scaled(white(n), -20)},
        {"pink -66 dB", scaled(pink, -66)},
        {"pink -45 dB", scaled(pink, -45)},
        {"pink -20 dB", scaled(pink, -20)},
        {"brown -30 dB", scaled(coloured(n, {20}), -30)},
        {"click", wave(n, [&](double t) { return t > seconds / 3 && t < seconds / 3 + 0.001 ? 0.8 : 0.0; })},
        {"tone 440 Hz", wave(n, [](double t) { return 0.2 * sine(440, t); })},
        {"tone 1 kHz", wave(n, [](double t) { return 0.05 * sine(1000, t); })},
        {"sweep", wave(n, [&](double t) { return 0.2 * sine(200 + 900 * t / seconds, t); })},
        {"chords", scaled(wave(n, chord), -20)},
        {"hum", wave(n, [](double t) { return 0.02 * (sine(50, t) + sine(100, t) / 2 + sine(150, t) / 3); })},
        {"alarm", wave(n, [](double t) { return std::fmod(4 * t, 1) < 0.5 ? 0.2 * sine(2000, t) : 0.0; })},
        {"knocks", plus(floor, wave(n, [&](double t) { return 0.4 * burst(t, 0.3, 0.03) * sine(120, t); }))},
        {"keyboard", plus(floor, shaped(white(n), [&](double t) { return 0.2 * burst(t, 0.17, 0.004); }))},
        {"breath", plus(floor, scaled(shaped(coloured(n, {500, 2000}),
                                             [&](double t) { return std::pow(sine(0.25, t), 2); }),
                                      -38))},
        {"fan", scaled(shaped(pink, [](double t) { return 1 + 0.3 * sine(7, t); }), -35)},
        {"cough",
         plus(floor, scaled(shaped(coloured(n, {400, 1500}),
                                   [](double t) { return t < 0.15 ? 0.0 : std::exp((0.15 - t) / 0.06); }),
                            -28))},
    };
    std::vector<NamedSound> out;
    for (const auto& [name, samples] : sounds) out.push_back({name, to_floats(samples)});
    return out;
}

std::vector<std::vector<std::string>> read_tsv(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::vector<std::string>> rows;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::vector<std::string> row;
        std::istringstream fields(line + "\t");
        for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
        rows.push_back(row);
    }
    return rows;
}

}  // namespace coda::test
