// From frames with their VAD probability to utterances: when speech starts, when it pauses, when it goes on,
// and the audio of the turn from 500 ms before its start. Knows nothing of models, clocks or replies. Thread
// safety: one thread.
#pragma once

#include <span>
#include <vector>

namespace coda::assistant {

class Listener {
  public:
    static constexpr int kFrameSamples = 512;
    static constexpr double kFrameMs = 32;
    static constexpr int kSampleRate = 16000;
    // Speech starts with this many frames in a row at or over kSpeech: at most 96 ms after it began, since it
    // may begin anywhere inside a frame before.
    static constexpr int kStartFrames = 2;
    static constexpr float kSpeech = 0.5f;
    // Below this a frame of running speech is silent.
    static constexpr float kSilence = 0.35f;
    // This many silent frames make a pause.
    static constexpr int kPauseFrames = 3;
    // The VAD's last frame over kSpeech ends 66 to 118 ms after the sound does.
    static constexpr double kHangoverMs = 92;
    static constexpr double kPreRollMs = 500;
    static constexpr double kMaxTurnMs = 120'000;

    enum class Event {
        none,
        started,  // speech is confirmed
        paused,   // speech, then kPauseFrames silent frames
        resumed,  // speech again after a pause, in the same turn
    };

    // Takes the next 512 samples (16 kHz) and their probability.
    Event push(std::span<const float> frame, float probability);

    // A turn is being heard: speech was confirmed and finish() or forget() not yet called.
    bool in_turn() const { return state_ != State::idle; }
    bool in_pause() const { return state_ == State::pause; }
    // A pause, and the last frame was not speech: a moment at which the turn may be ended.
    bool quiet_now() const { return state_ == State::pause && run_ == 0; }
    // The turn has reached its longest length and must end.
    bool overlong() const;

    // Silence since the end of speech, as the VAD has it and as estimated for the sound itself.
    double vad_silence_ms() const { return frames_since_last_speech_ * kFrameMs; }
    double silence_ms() const { return vad_silence_ms() + kHangoverMs; }

    // What was heard since 500 ms before the turn's start.
    std::span<const float> audio() const { return audio_; }

    // The turn is over, but may be reopened: its audio is kept, and grows.
    void finish();
    // Speech that starts after finish() belongs to the finished turn again; until forget().
    bool can_reopen() const { return finished_; }
    // Drops the audio of a finished (or meaningless) turn, but for the pre-roll of the next.
    void forget();
    // Forgets everything, for a stretch that was not heard.
    void reset();

  private:
    enum class State { idle, speech, pause };

    void keep_pre_roll(size_t samples);

    State state_ = State::idle;
    bool finished_ = false;
    int run_ = 0;  // frames in a row at or over kSpeech, while idle or in a pause
    int silent_frames_ = 0;
    int frames_since_last_speech_ = 0;
    std::vector<float> audio_;
};

}  // namespace coda::assistant
