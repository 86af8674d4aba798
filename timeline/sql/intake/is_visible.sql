-- Whether a text holds no invisible character: `names._HIDDEN`.
CREATE OR REPLACE TEMP MACRO is_visible(name) AS (
    regexp_full_match(
        name,
        '[^\x{ad}\x{34f}\x{600}-\x{605}\x{61c}\x{6dd}\x{70f}\x{890}\x{891}\x{8e2}\x{115f}\x{1160}\x{17b4}\x{17b5}'
        || '\x{180b}-\x{180f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}'
        || '\x{feff}\x{ffa0}\x{fff0}-\x{fffc}\x{110bd}\x{110cd}\x{13430}-\x{1343f}\x{1bca0}-\x{1bca3}\x{1d159}'
        || '\x{1d173}-\x{1d17a}\x{e0000}-\x{e0fff}]*',
        's'
    )
);
