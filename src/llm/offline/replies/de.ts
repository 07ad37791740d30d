import type { ReplyTemplate } from './types.ts';

export const DE: ReplyTemplate = {
  greeting: 'Guten Tag,',
  warning: 'Bitte nennen Sie in Ihrer Antwort keine Passwörter, Codes oder Kartennummern.',
  closing: 'Mit freundlichen Grüßen\nIhr Support-Team',
  paragraphs: {
    'auth/login': [
      'vielen Dank für Ihre Nachricht. Es tut uns leid, dass die Anmeldung Schwierigkeiten macht.',
      `Damit wir der Sache nachgehen können, helfen uns diese Angaben:
- die E-Mail-Adresse oder der Benutzername des Kontos,
- wie Sie sich anmelden, zum Beispiel mit E-Mail-Adresse, Authenticator-App oder über Ihr Unternehmen,
- bei welchem Schritt es endet, und der genaue Wortlaut der Meldung,
- wann Sie es zuletzt versucht haben, mit Zeitzone, und in welchem Browser oder welcher App.`,
    ],
    billing: [
      'vielen Dank für Ihre Nachricht zur Abrechnung.',
      `Damit wir der Sache nachgehen können, helfen uns diese Angaben:
- die Rechnungsnummer oder Datum und Betrag der Zahlung,
- die E-Mail-Adresse des Kontos oder der Name des Arbeitsbereichs,
- was Sie stattdessen erwartet haben.`,
    ],
    bug: [
      'vielen Dank für die Meldung. Wir bedauern die Unannehmlichkeiten.',
      `Damit wir der Sache nachgehen können, helfen uns diese Angaben:
- die Schritte, die dazu führen, und ob es jedes Mal geschieht,
- was Sie erwartet und was Sie stattdessen gesehen haben, mit dem genauen Wortlaut der Meldung,
- wann es zum ersten Mal auftrat, mit Zeitzone,
- Ihr Gerät sowie der Browser oder die App mit Version.`,
      'Oft hilft ein Bildschirmfoto, sofern es nichts Vertrauliches zeigt.',
    ],
    feature_request: [
      'vielen Dank, dass Sie sich die Zeit für diesen Vorschlag genommen haben.',
      `Damit wir ihn gut verstehen, helfen uns diese Angaben:
- was Sie damit erreichen möchten,
- wie Sie sich heute behelfen,
- wie oft und für wie viele Personen Sie es brauchen.`,
    ],
    account: [
      'vielen Dank für Ihre Nachricht zu Ihrem Konto.',
      `Damit wir der Sache nachgehen können, helfen uns diese Angaben:
- die E-Mail-Adresse des Kontos oder der Name des Arbeitsbereichs,
- was genau Sie ändern, exportieren oder entfernen möchten,
- Ihre Rolle im Arbeitsbereich, falls ihn auch andere nutzen.`,
      'Bitte schreiben Sie nach Möglichkeit von der E-Mail-Adresse, die zum Konto gehört.',
    ],
    other: [
      'vielen Dank für Ihre Nachricht.',
      `Falls Sie etwas von uns möchten, helfen uns diese Angaben:
- worum es geht, in ein oder zwei Sätzen,
- die E-Mail-Adresse Ihres Kontos, falls Sie eines haben.`,
    ],
  },
};
