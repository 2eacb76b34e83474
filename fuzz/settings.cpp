// The configuration file, as a stranger wrote it; and the change of one value in it.
#include "base/settings.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string source;
    int context = 0;
    bool duplex = false;
    double speed = 1;
    coda::Settings settings;
    settings.declare("llm.source", &source, "");
    settings.declare("llm.context", &context, "", {.minimum = 1, .maximum = 100, .choices = {}});
    settings.declare("audio.duplex", &duplex, "");
    settings.declare("tts.speed", &speed, "");
    settings.read_text(text, "fuzz");
    (void)settings.rows();
    (void)coda::toml_with(std::string(text), "llm.source", "a \"new\" one");
    return 0;
}
