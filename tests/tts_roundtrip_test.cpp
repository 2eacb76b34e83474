// Speech that is heard again: fifty sentences spoken by hibari and transcribed by Whisper. Their words must
// come back.
#include "audio/resample.h"
#include "base/paths.h"
#include "models/hibari/hibari.h"
#include "models/whisper/whisper.h"
#include "runtime/backend.h"
#include "tests/support/wer.h"

#include <array>
#include <iostream>

#include <gtest/gtest.h>

namespace coda {
namespace {

constexpr double kMostErrors = 0.06;

constexpr std::array<const char*, 50> kSentences = {
    "The weather will be sunny with a light breeze from the west.",
    "I have set a timer for ten minutes.",
    "The capital of France is Paris.",
    "An apple a day keeps the doctor away.",
    "She opened the letter and began to laugh.",
    "We walked along the river until the sun went down.",
    "My brother plays the guitar and the piano.",
    "Please close the window before it starts to rain.",
    "What time does the next train to the city leave?",
    "The children were singing and dancing all afternoon.",
    "I would rather have a cup of tea than a glass of water.",
    "He ran as fast as he could, but the train had already left.",
    "The museum is open every day except Monday.",
    "Remember to buy bread, butter, eggs and milk.",
    "Scientists discovered a new species in the forest.",
    "Turn left at the traffic lights and go straight on.",
    "The old bridge was built more than a hundred years ago.",
    "Could you speak a little more slowly, please?",
    "The meeting has been moved to Thursday afternoon.",
    "A good book can change the way you see the world.",
    "The kitchen smells of garlic and fresh bread.",
    "They have been waiting for an hour and a half.",
    "Nobody knows why the old clock stopped at midnight.",
    "The doctor told him to rest for a few days.",
    "You can find the keys on the table in the hall.",
    "The film was longer than I expected.",
    "Water boils at one hundred degrees.",
    "Every morning she feeds the birds in the garden.",
    "The first snow of the winter fell during the night.",
    "I am sorry, I did not understand the question.",
    "The hotel is just around the corner from the station.",
    "Music helps me to think when I am working.",
    "Our neighbors painted their house bright yellow.",
    "The teacher asked the students to read the next chapter.",
    "It takes about twenty minutes to walk to the beach.",
    "The company plans to open a new office in London.",
    "Do not forget to turn off the lights when you leave.",
    "The dog barked at the postman again this morning.",
    "There are seven days in a week and twelve months in a year.",
    "He forgot his umbrella, so he got wet on the way home.",
    "The moon looked very large over the mountains.",
    "We should leave early to avoid the traffic.",
    "This soup needs a little more salt and pepper.",
    "The library closes at six o'clock on Saturday.",
    "She has lived in this town for most of her life.",
    "The players shook hands at the end of the game.",
    "I will call you back as soon as I get home.",
    "The plane landed safely despite the strong wind.",
    "You have three new messages and one missed call.",
    "Thank you very much, and have a nice evening."};

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message());
    return std::move(*result);
}

std::vector<float> spoken_at_16k(const models::Hibari& voice, const char* text) {
    std::vector<float> samples;
    const Status done = voice.synthesize(text, {}, {}, [&](std::span<const float> block) {
        samples.insert(samples.end(), block.begin(), block.end());
        return true;
    });
    if (!done) throw std::runtime_error(done.error().message());
    return must(audio::resample(samples, models::Hibari::kSampleRate, 16000));
}

TEST(TtsRoundTrip, WhisperHearsWhatWasSaid) {
    const auto voice = must(models::Hibari::open(paths::model_dir("hibari")));
    const auto backend = must(runtime::create_cpu_backend({}));
    const auto whisper = must(models::Whisper::open(paths::model_dir("whisper-tiny.en"), *backend));
    test::WordErrors errors;
    for (const char* sentence : kSentences) {
        const auto heard = must(whisper->transcribe(spoken_at_16k(*voice, sentence), {}, {}));
        const auto found = test::word_errors(sentence, heard.text);
        if (found.total() > 0) std::cout << sentence << "\n  heard: " << heard.text << "\n";
        errors += found;
    }
    std::cout << errors.total() << " errors in " << errors.reference_words << " words\n";
    EXPECT_GT(errors.reference_words, 400);
    EXPECT_LE(errors.rate(), kMostErrors);
}

}  // namespace
}  // namespace coda
