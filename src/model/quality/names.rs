//! Names that mean something to every process, whatever it was written for.

/// What puts code into every process that is started.
const CODE: [&str; 27] = [
    "BASHOPTS",
    "BASH_ENV",
    "CLASSPATH",
    "CORECLR_PROFILER",
    "COR_PROFILER",
    "DOTNET_STARTUP_HOOKS",
    "DYLD_FRAMEWORK_PATH",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "GCONV_PATH",
    "GIT_EXEC_PATH",
    "GIT_SSH_COMMAND",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LUA_INIT",
    "NODE_PATH",
    "PERL5DB",
    "PERL5LIB",
    "PHP_INI_SCAN_DIR",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "SHELLOPTS",
];

/// Options of an interpreter, and what in them loads code or lets somebody in; the rest is everyday
/// tuning of memory and the like.
const OPTIONS: [(&str, &[&str]); 6] = [
    (
        "NODE_OPTIONS",
        &["-r", "require", "import", "loader", "inspect", "eval"],
    ),
    ("JAVA_TOOL_OPTIONS", &["agent", "Xbootclasspath", "jdwp"]),
    (
        "JDK_JAVA_OPTIONS",
        &["agent", "Xbootclasspath", "jdwp", "@"],
    ),
    ("_JAVA_OPTIONS", &["agent", "Xbootclasspath", "jdwp"]),
    ("PERL5OPT", &["-M", "-m", "-I", "-d"]),
    ("RUBYOPT", &["-r", "-I"]),
];

/// What a variable of this name does to a process, in words that follow the name; of options only
/// where the value is not known to be harmless.
pub fn dangerous_name(name: &str, value: Option<&str>) -> Option<&'static str> {
    if CODE.contains(&name) {
        return Some("puts code into every process that gets it");
    }
    let harmless =
        |marks: &[&str]| value.is_some_and(|value| !marks.iter().any(|mark| value.contains(mark)));
    if OPTIONS
        .iter()
        .any(|(known, marks)| *known == name && !harmless(marks))
    {
        return Some("can put code into every process that gets it");
    }
    match name {
        "PATH" | "IFS" | "SHELL" => Some("decides which programs every process runs"),
        "HOME" | "TMPDIR" => Some("decides where every process keeps its files"),
        _ => None,
    }
}
