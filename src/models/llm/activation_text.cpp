#include "models/llm/activation_text.h"

#include <array>

namespace coda::models::llm {

std::span<const std::string_view> activation_texts() {
    static constexpr std::array<std::string_view, 4> kTexts = {
        "The ferry left the harbour a little before seven, when the lamps along the quay were still lit and "
        "the "
        "gulls had only begun to quarrel over what the fishermen had thrown away. Anna stood at the rail "
        "with her "
        "collar turned up. Behind her the town grew smaller: first the church, then the crane, then the long "
        "row of "
        "grey warehouses in which her grandfather had worked for forty years. She had promised to write "
        "every week. "
        "She knew that she would not, and that he knew it too, and that neither of them would ever mention "
        "it. When "
        "the first wave lifted the bow, she laughed, because it was exactly as he had told her it would be.",
        "User: How long do I have to boil an egg so that the yolk is still soft?\n"
        "Assistant: About six minutes if it comes from the fridge and the water is already boiling. Put it "
        "into "
        "cold water afterwards.\n"
        "User: And at two thousand metres above the sea?\n"
        "Assistant: Water boils at about 93 degrees there, so it takes longer: try eight minutes.\n"
        "User: Thanks. What is the capital of Portugal, and how many people live there?\n"
        "Assistant: Lisbon. Around 550,000 people live in the city itself and nearly three million in the "
        "region.\n"
        "User: Could you remind me to call my sister tomorrow at a quarter past nine?\n"
        "Assistant: Of course. I will remind you",
        "Photosynthesis turns light into chemical energy. In the leaves of plants, chlorophyll absorbs "
        "mostly blue "
        "and red light; water is split, oxygen is released, and the energy is used to build sugar from "
        "carbon "
        "dioxide. The overall reaction can be written as 6 CO2 + 6 H2O -> C6H12O6 + 6 O2. Between 1961 and "
        "2020 the "
        "yield of wheat per hectare rose from 1.1 to 3.5 tonnes, mainly because of fertiliser, better "
        "varieties and "
        "irrigation. Three factors limit it today: heat, drought, and the supply of nitrogen.\n\n"
        "1. Heat above 34 degrees damages the enzymes.\n2. Drought closes the stomata.\n3. Nitrogen",
        "def median(values):\n    \"\"\"The middle of the sorted values.\"\"\"\n    ordered = "
        "sorted(values)\n"
        "    middle = len(ordered) // 2\n    if len(ordered) % 2 == 1:\n        return ordered[middle]\n"
        "    return (ordered[middle - 1] + ordered[middle]) / 2\n\n"
        "Der Zug nach Hamburg hat heute zehn Minuten Verspätung. Bitte achten Sie auf die Durchsagen am "
        "Bahnsteig. "
        "Le musée est ouvert tous les jours sauf le lundi, de dix heures à dix-huit heures. "
        "El próximo tren sale a las cinco y media."};
    return kTexts;
}

}  // namespace coda::models::llm
