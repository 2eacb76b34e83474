#include "models/hibari/speakable.h"

namespace coda::models::hibari {

std::string speakable(std::string_view text) {
    return std::string(text);
}

}  // namespace coda::models::hibari
