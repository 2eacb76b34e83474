// A shared object that is no plug-in, for plugin_test.cpp.
extern "C" __attribute__((visibility("default"))) int unrelated() {
    return 1;
}
