#include "app/player.h"

#include <chrono>
#include <thread>

namespace coda::app {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(5);
constexpr auto kLongestStall = std::chrono::seconds(3);  // a device that takes nothing for so long is gone

}  // namespace

Result<std::unique_ptr<Player>> Player::open(const std::string& device) {
    audio::Speaker::Options options;
    options.device = device;
    CODA_TRY(auto speaker, audio::Speaker::open(options));
    return std::unique_ptr<Player>(new Player(std::move(speaker)));
}

bool Player::play(std::span<const float> samples, const Cancel& cancel) {
    auto last_progress = std::chrono::steady_clock::now();
    while (!samples.empty() && !cancel.cancelled()) {
        const auto taken = speaker_->write(samples);
        if (!taken) return false;
        samples = samples.subspan(*taken);
        const auto now = std::chrono::steady_clock::now();
        if (*taken > 0) last_progress = now;
        if (now - last_progress > kLongestStall) return false;
        if (!samples.empty()) std::this_thread::sleep_for(kPoll);
    }
    return samples.empty();
}

void Player::finish(const Cancel& cancel) {
    auto last_progress = std::chrono::steady_clock::now();
    size_t queued = speaker_->queued();
    while (queued > 0 && !cancel.cancelled()) {
        std::this_thread::sleep_for(kPoll);
        const auto now = std::chrono::steady_clock::now();
        const size_t left = speaker_->queued();
        if (left < queued) last_progress = now;
        if (now - last_progress > kLongestStall) return;
        queued = left;
    }
    if (cancel.cancelled()) {
        speaker_->clear();
        return;
    }
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(speaker_->output_latency_ms()));
}

}  // namespace coda::app
